using System.Net;
using Crust.GatewayProtocol;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.GatewayProtocol;

public sealed class PublishedRecordTests : IDisposable
{
    private static readonly NetworkId Network = NetworkId.FromName("records");
    private static readonly DateTimeOffset Start = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly PeerIdentity _identity = PeerIdentity.FromSeed(Enumerable.Repeat((byte)7, 32).ToArray());
    private readonly PublishedRecord _record;

    public PublishedRecordTests() => _record = new PublishedRecord(_identity, Network);

    public void Dispose() => _identity.Dispose();

    [Fact]
    public void Update_SignsAnew_OnlyWhenSomethingChanged()
    {
        _record.Signed.Should().BeEmpty();
        _record.Update([Address(1)], 3, Start);
        var first = Read();
        first.Addresses.Should().Equal(Address(1));
        first.Capabilities.Should().Be(3);
        first.Expiry.Should().Be(Start.AddHours(24));

        _record.Update([Address(1)], 3, Start.AddHours(12));
        Read().Sequence.Should().Be(first.Sequence, "nothing changed, and half its life is left");

        _record.Update([Address(2)], 3, Start.AddHours(12));
        var second = Read();
        second.Addresses.Should().Equal(Address(2));
        second.Sequence.Should().BeGreaterThan(first.Sequence);
        _record.Update([Address(2)], 4, Start.AddHours(12));
        Read().Capabilities.Should().Be(4);
    }

    [Fact]
    public void Update_SignsAnew_AtHalfItsLife()
    {
        _record.Update([Address(1)], 0, Start);
        var first = Read();

        _record.Update([Address(1)], 0, Start.AddMinutes(721));

        Read().Sequence.Should().BeGreaterThan(first.Sequence);
        Read().Expiry.Should().Be(Start.AddMinutes(721).AddHours(24));
    }

    [Fact]
    public void Sequence_RisesThoughTheClockGoesBack_AndOutbidsClocksAhead()
    {
        _record.Update([Address(1)], 0, Start);
        var first = Read().Sequence;
        _record.Update([Address(2)], 0, Start.AddMinutes(-30));
        var second = Read().Sequence;
        second.Should().BeGreaterThan(first);

        _record.Outbid(Start);

        Read().Sequence.Should().BeGreaterThan(second + (ulong)Attachment.ClockTolerance.TotalMilliseconds);
        Read().Addresses.Should().Equal(Address(2));
    }

    [Fact]
    public void Update_KeepsTheFirstAddresses_OfTooMany()
    {
        _record.Update([.. Enumerable.Range(1, 20).Select(Address)], 0, Start);

        Read().Addresses.Should().Equal(Enumerable.Range(1, PeerRecord.MaxAddresses).Select(Address));
    }

    private PeerRecord Read()
    {
        PeerRecord.TryVerify(_record.Signed, Network, out var record).Should().BeTrue();
        return record!;
    }

    private PeerAddress Address(int number) => new(TransportKind.Tcp, new IPEndPoint(IPAddress.Parse("203.0.113.5"), number), _identity.Id);
}
