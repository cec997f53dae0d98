using System.Net;
using Crust.Identity;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

/// <summary>Peer records and attachments: what is signed verifies, and nothing else does.</summary>
public sealed class SignedStatementTests
{
    private static readonly PeerIdentity Identity = PeerIdentity.FromSeed([1, .. new byte[31]]);
    private static readonly PeerIdentity Gateway = PeerIdentity.FromSeed([2, .. new byte[31]]);
    private static readonly NetworkId Network = NetworkId.FromName("test");
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000);

    private static readonly PeerRecord Record = new(Identity.Id, PeerRecord.NextSequence(0, Now), Now + TimeSpan.FromHours(24), 5,
    [
        new PeerAddress(TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:41234"), Identity.Id),
        new PeerAddress(TransportKind.Utp, IPEndPoint.Parse("[2001:db8::1]:1"), Identity.Id),
    ]);

    [Fact]
    public void Record_RoundTrips()
    {
        PeerRecord.TryVerify(Record.Sign(Identity, Network), Network, out var record).Should().BeTrue();
        record.Should().BeEquivalentTo(Record);
        record!.IsCurrent(Now).Should().BeTrue();
    }

    [Fact]
    public void Record_TellsWhichAddressesAreMapped()
    {
        PeerAddress[] addresses = [.. Enumerable.Range(0, 16).Select(i => new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.IPv6Loopback, i + 1), Identity.Id) { IsMapped = i is 0 or 9 or 15 })];

        PeerRecord.TryVerify((Record with { Addresses = addresses }).Sign(Identity, Network), Network, out var record).Should().BeTrue();

        record!.Addresses.Should().Equal(addresses);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("01020002", "1")]
    [InlineData("FF03AABBCC01020003", "01")] // behind one that is unknown
    [InlineData("0102FFFF", "01")] // more bits than addresses
    [InlineData("010100", "")] // another length
    [InlineData("01020", "")] // half a byte less: cut
    [InlineData("01FF0003", "")]
    [InlineData("00", "")]
    public void Record_IgnoresExtensions_ThatItDoesNotUnderstand(string extensions, string mapped)
    {
        var body = Record.Sign(Identity, Network)[..^64];
        byte[] extended = [.. body, .. Convert.FromHexString(extensions.Length % 2 == 0 ? extensions : extensions[..^1])];
        byte[] signed = [.. extended, .. Statement.Sign(Identity, Statement.Record, Network, extended)];

        PeerRecord.TryVerify(signed, Network, out var record).Should().BeTrue();

        record!.Addresses.Select((a, i) => a.IsMapped ? $"{i}" : "").Aggregate("", string.Concat).Should().Be(mapped);
    }

    [Fact]
    public void Record_WithSixteenLongAddresses_Fits()
    {
        var full = Record with { Addresses = [.. Enumerable.Range(1, 16).Select(i => new PeerAddress(TransportKind.Utp, new IPEndPoint(IPAddress.IPv6Loopback, i), Identity.Id))] };
        var signed = full.Sign(Identity, Network);
        signed.Length.Should().BeLessThanOrEqualTo(PeerRecord.MaxSignedLength);
        PeerRecord.TryVerify(signed, Network, out var record).Should().BeTrue();
        record!.Addresses.Should().HaveCount(16);
        FluentActions.Invoking(() => (full with { Addresses = [.. full.Addresses, full.Addresses[0]] }).Sign(Identity, Network)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Record.Sign(Gateway, Network)).Should().Throw<ArgumentException>();
    }

    [Fact]
    public void Record_IsRefused_WhenAnyByteIsChangedOrMissing() =>
        CheckEveryByte(Record.Sign(Identity, Network), bytes => PeerRecord.TryVerify(bytes, Network, out _));

    [Fact]
    public void Record_OfAnotherNetwork_IsRefused() => PeerRecord.TryVerify(Record.Sign(Identity, Network), NetworkId.FromName("other"), out _).Should().BeFalse();

    [Fact]
    public void Record_Counts_UntilItExpires_AndNotWhenItClaimsTooMuch()
    {
        Record.IsCurrent(Now + TimeSpan.FromHours(24)).Should().BeFalse("it expired");
        (Record with { Expiry = Now + TimeSpan.FromHours(25) }).IsCurrent(Now).Should().BeFalse("it lives too long");
        var limit = (ulong)(Now + PeerRecord.MaxSequenceLead).ToUnixTimeMilliseconds();
        (Record with { Sequence = limit }).IsCurrent(Now).Should().BeTrue();
        (Record with { Sequence = limit + 1 }).IsCurrent(Now).Should().BeFalse("its sequence is more than a day ahead");
        PeerRecord.NextSequence(limit, Now).Should().Be(limit + 1);
    }

    [Fact]
    public void Attachment_RoundTrips()
    {
        var signed = Attachment.Sign(Identity, Network, Gateway.Id, 77, Now);
        signed.Should().HaveCount(Attachment.SignedLength);
        Attachment.TryVerify(signed, Network, out var attachment).Should().BeTrue();
        attachment.Should().Be(new Attachment(Identity.Id, Gateway.Id, 77, (ulong)Now.ToUnixTimeMilliseconds()));
        attachment!.IsFresh(Now + Attachment.ClockTolerance).Should().BeTrue();
        attachment.IsFresh(Now - Attachment.ClockTolerance).Should().BeTrue();
        attachment.IsFresh(Now + Attachment.ClockTolerance + TimeSpan.FromMilliseconds(1)).Should().BeFalse();
        attachment.IsFresh(Now - Attachment.ClockTolerance - TimeSpan.FromMilliseconds(1)).Should().BeFalse();
    }

    [Fact]
    public void Attachment_IsRefused_WhenAnyByteIsChangedOrMissing() =>
        CheckEveryByte(Attachment.Sign(Identity, Network, Gateway.Id, 77, Now), bytes => Attachment.TryVerify(bytes, Network, out _));

    [Fact]
    public void Attachment_OfAnotherNetwork_IsRefused() =>
        Attachment.TryVerify(Attachment.Sign(Identity, Network, Gateway.Id, 77, Now), NetworkId.FromName("other"), out _).Should().BeFalse();

    [Fact]
    public void Garbage_NeverThrows() => Gen.Byte.Array[0, 1100].Sample(bytes =>
    {
        _ = PeerRecord.TryVerify(bytes, Network, out _);
        _ = Attachment.TryVerify(bytes, Network, out _);
    });

    /// <summary>An own key can sign anything: the parser alone stands between these bodies and the reader.</summary>
    [Fact]
    public void MalformedBodies_AreRefused_EvenWhenSigned()
    {
        var body = Record.Sign(Identity, Network)[..^64];
        const int count = 1 + 32 + 8 + 8 + 4;
        foreach (var (index, value, why) in new[]
        {
            (0, 2, "the version is unknown"), (1 + 32 + 8, 0xFF, "the expiry is beyond all dates"), (count, 17, "it claims 17 addresses"), (count, 3, "it claims an address that is not there"),
            (count + 1, 9, "the transport is unknown"), (count + 2, 5, "the family is unknown"),
        })
        {
            var changed = (byte[])body.Clone();
            changed[index] = (byte)value;
            PeerRecord.TryVerify([.. changed, .. Statement.Sign(Identity, Statement.Record, Network, changed)], Network, out _).Should().BeFalse(why);
        }

        byte[] extended = [.. body, 1, 2, 3];
        PeerRecord.TryVerify([.. extended, .. Statement.Sign(Identity, Statement.Record, Network, extended)], Network, out _).Should().BeTrue("extensions are ignored");
        byte[] tooLong = [.. body, .. new byte[PeerRecord.MaxSignedLength]];
        PeerRecord.TryVerify([.. tooLong, .. Statement.Sign(Identity, Statement.Record, Network, tooLong)], Network, out _).Should().BeFalse();
    }

    private static void CheckEveryByte(byte[] signed, Func<byte[], bool> verify)
    {
        verify(signed).Should().BeTrue();
        for (var i = 0; i < signed.Length; i++)
        {
            signed[i] ^= 0x40;
            verify(signed).Should().BeFalse("byte {0} was changed", i);
            signed[i] ^= 0x40;
            verify(signed[..i]).Should().BeFalse("{0} bytes are left", i);
        }

        verify([.. signed, 0]).Should().BeFalse();
    }
}
