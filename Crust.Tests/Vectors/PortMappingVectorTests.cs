using System.Net;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.NatPmp;
using Crust.Nat.PortMapping.Pcp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>The layouts of RFC 6886 §3 and RFC 6887 §7 and §11, byte by byte as the figures there have them.</summary>
public sealed class PortMappingVectorTests
{
    private static readonly PortRequest Tcp = new(MappedProtocol.Tcp, 0x1234), Udp = new(MappedProtocol.Udp, 0x1234);
    private static readonly PcpNonce Nonce = PcpNonce.From(Convert.FromHexString("000102030405060708090A0B"));

    [Fact]
    public void NatPmp_AddressRequest() => Written(NatPmpMessage.WriteAddressRequest).Should().Be("0000");

    [Theory]
    [InlineData("udp", "00010000123456780000 0E10")]
    [InlineData("tcp", "00020000123456780000 0E10")]
    public void NatPmp_MapRequest(string protocol, string expected) =>
        Written(b => NatPmpMessage.WriteMapRequest(b, protocol == "udp" ? Udp : Tcp, 0x5678, 3600)).Should().Be(expected.Replace(" ", "", StringComparison.Ordinal));

    [Fact]
    public void NatPmp_DeleteRequest_HasNeitherPortNorLifetime() => Written(b => NatPmpMessage.WriteMapRequest(b, Udp, 0, 0)).Should().Be("000100001234000000000000");

    [Fact]
    public void NatPmp_AddressResponse()
    {
        NatPmpMessage.TryReadAddressResponse(Convert.FromHexString("0080000000000100CB007105"), out var result, out var epoch, out var address).Should().BeTrue();

        (result, epoch, address).Should().Be((NatPmpResult.Success, 256u, IPAddress.Parse("203.0.113.5")));
    }

    [Fact]
    public void NatPmp_MapResponse()
    {
        NatPmpMessage.TryReadMapResponse(Convert.FromHexString("00810000000001001234567800000E10"), Udp, out var result, out var epoch, out var port, out var lifetime).Should().BeTrue();

        (result, epoch, port, lifetime).Should().Be((NatPmpResult.Success, 256u, (ushort)0x5678, 3600u));
    }

    [Theory]
    [InlineData("00820000000001001234567800000E10")] // TCP's
    [InlineData("00810000000001001235567800000E10")] // another port's
    [InlineData("02810000000001001234567800000E10")] // PCP
    [InlineData("00010000000001001234567800000E10")] // a request
    [InlineData("0081000000000100123456780000")] // cut
    [InlineData("")]
    public void NatPmp_MapResponse_OfSomethingElse_IsNone(string message) =>
        NatPmpMessage.TryReadMapResponse(Convert.FromHexString(message), Udp, out _, out _, out _, out _).Should().BeFalse();

    [Fact]
    public void NatPmp_Refusal_IsReadThoughItIsCut()
    {
        NatPmpMessage.TryReadMapResponse(Convert.FromHexString("0081000400000100"), Udp, out var result, out _, out _, out _).Should().BeTrue();

        result.Should().Be(NatPmpResult.OutOfResources);
    }

    [Fact]
    public void Pcp_AnnounceRequest() => Written(b => PcpMessage.WriteAnnounceRequest(b, IPAddress.Parse("192.168.1.2")))
        .Should().Be("02000000" + "00000000" + "00000000000000000000FFFFC0A80102");

    [Fact]
    public void Pcp_MapRequest() => Written(b => PcpMessage.WriteMapRequest(b, IPAddress.Parse("192.168.1.2"), Nonce, Udp, IPEndPoint.Parse("0.0.0.0:22136"), 7200))
        .Should().Be(
            "02010000" + "00001C20" + "00000000000000000000FFFFC0A80102"
            + "000102030405060708090A0B" + "11" + "000000" + "1234" + "5678" + "00000000000000000000FFFF00000000");

    [Fact]
    public void Pcp_MapRequest_OfIPv6() => Written(b => PcpMessage.WriteMapRequest(b, IPAddress.Parse("2001:db8::2"), Nonce, Tcp, new IPEndPoint(IPAddress.IPv6Any, 0), 60))
        .Should().Be(
            "02010000" + "0000003C" + "20010DB8000000000000000000000002"
            + "000102030405060708090A0B" + "06" + "000000" + "1234" + "0000" + "00000000000000000000000000000000");

    [Fact]
    public void Pcp_MapResponse()
    {
        var message = Convert.FromHexString(
            "02810000" + "00000E10" + "00000100" + "000000000000000000000000"
            + "000102030405060708090A0B" + "11" + "000000" + "1234" + "9ABC" + "00000000000000000000FFFFCB007105");

        PcpMessage.TryReadHeader(message, out var header).Should().BeTrue();
        header.Should().Be(new PcpHeader(2, PcpOpcode.Map, PcpResult.Success, 3600, 256));
        PcpMessage.TryReadMap(message, Nonce, Udp, out var external).Should().BeTrue();
        external.Should().Be(IPEndPoint.Parse("203.0.113.5:39612"));
        PcpMessage.TryReadMap(message, Nonce, Tcp, out _).Should().BeFalse("it is of UDP");
        PcpMessage.TryReadMap(message, Nonce with { Low = 1 }, Udp, out _).Should().BeFalse("another's nonce");
    }

    [Fact]
    public void Pcp_AnAnswerInNatPmp_TellsThatPcpIsUnknown()
    {
        // RFC 6887 appendix A: version 0, result 1.
        PcpMessage.TryReadHeader(Convert.FromHexString("0080000100000100"), out var header).Should().BeTrue();

        header.Result.Should().Be(PcpResult.UnsupportedVersion);
    }

    [Theory]
    [InlineData("02010000000000000000000000000000000000000000000000")] // a request
    [InlineData("0281000000000E10000001000000000000000000000000")] // cut
    [InlineData("03810000")] // a version above ours
    [InlineData("")]
    public void Pcp_Header_OfSomethingElse_IsNone(string message) => PcpMessage.TryReadHeader(Convert.FromHexString(message), out _).Should().BeFalse();

    private delegate int Write(Span<byte> buffer);

    private static string Written(Write write)
    {
        // What was in the buffer before does not shine through.
        Span<byte> buffer = stackalloc byte[64];
        buffer.Fill(0xEE);
        return Convert.ToHexString(buffer[..write(buffer)]);
    }
}
