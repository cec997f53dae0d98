using System.Net;
using Crust.Identity;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class PeerAddressTests
{
    private static readonly PeerId Peer = PeerIdentity.FromSeed(new byte[32]).Id;

    [Theory]
    [InlineData("tcp://203.0.113.7:41234", TransportKind.Tcp, "203.0.113.7", 41234)]
    [InlineData("utp://[2001:db8::1]:1", TransportKind.Utp, "2001:db8::1", 1)]
    [InlineData("utp://0.0.0.0:65535", TransportKind.Utp, "0.0.0.0", 65535)]
    public void Text_RoundTrips(string start, TransportKind transport, string ip, int port)
    {
        var address = PeerAddress.Parse($"{start}/{Peer}");
        address.Should().Be(new PeerAddress(transport, new IPEndPoint(IPAddress.Parse(ip), port), Peer));
        address.ToString().Should().Be($"{start}/{Peer}");
    }

    [Theory]
    [InlineData("tcp://203.0.113.7")]
    [InlineData("tcp://203.0.113.7:0")]
    [InlineData("tcp://203.0.113.7:65536")]
    [InlineData("tcp://203.0.113.7:+1")]
    [InlineData("tcp://203.0.113.7:01")]
    [InlineData("tcp://2001:db8::1:5")]
    [InlineData("tcp://[2001:db8::1]")]
    [InlineData("tcp://[203.0.113.7]:5")]
    [InlineData("tcp://example.org:5")]
    [InlineData("udp://203.0.113.7:5")]
    [InlineData("TCP://203.0.113.7:5")]
    [InlineData("tcp://:5")]
    [InlineData("tcp://")]
    [InlineData("")]
    public void OtherTexts_AreRefused(string start)
    {
        PeerAddress.TryParse($"{start}/{Peer}", out _).Should().BeFalse();
        PeerAddress.TryParse(start, out _).Should().BeFalse();
        FluentActions.Invoking(() => PeerAddress.Parse($"{start}/{Peer}")).Should().Throw<FormatException>();
    }

    [Fact]
    public void Garbage_NeverThrows() => Gen.Select(Gen.String, Gen.String).Sample((host, tail) =>
    {
        _ = PeerAddress.TryParse(host, out _);
        _ = PeerAddress.TryParse($"tcp://{host}/{tail}", out _);
        _ = PeerAddress.TryParse($"utp://{host}:1/{Peer}", out _);
    });
}
