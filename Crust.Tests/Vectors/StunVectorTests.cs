using System.Security.Cryptography;
using System.Text;
using Crust.Nat.Stun;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Vectors;

/// <summary>The messages of RFC 5769 §2 and of RFC 8489 appendix B.1 (with erratum 6268).</summary>
public sealed class StunVectorTests
{
    private static readonly byte[] Password = Encoding.UTF8.GetBytes("VOkJxbRl1RmTxUk/WvJxBt");
    private static readonly StunTransactionId Transaction = new(0xB7E7A701BC34D686, 0xFA87DFAE);

    private static readonly byte[] Request = Convert.FromHexString(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
        + "000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf");

    private static readonly byte[] IPv4Response = Convert.FromHexString(
        "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
        + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96");

    private static readonly byte[] IPv6Response = Convert.FromHexString(
        "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
        + "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c");

    private static readonly byte[] LongTermRequest = Convert.FromHexString(
        "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c"
        + "662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f726700"
        + "00080014f67024656dd64a3e02b8e0712e85c9a28ca89666");

    private static readonly byte[] Sha256Request = Convert.FromHexString(
        "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704"
        + "001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c394653547679363473410000000014000b6578616d706c652e6f726700"
        + "001d000400020000001c0020b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65");

    [Fact]
    public void SampleRequest_IsReadAndAuthentic()
    {
        StunMessage.TryParse(Request, out var message).Should().BeTrue();
        message.Class.Should().Be(StunClass.Request);
        message.Method.Should().Be(StunHeader.Binding);
        message.Transaction.Should().Be(Transaction);
        message.HasFingerprint.Should().BeTrue();
        message.TryGet(StunAttribute.Software, out var software).Should().BeTrue();
        Encoding.UTF8.GetString(software).Should().Be("STUN test client");
        message.TryGetPriority(out var priority).Should().BeTrue();
        priority.Should().Be(0x6E0001FF);
        message.TryGet(StunAttribute.IceControlled, out var tieBreaker).Should().BeTrue();
        Convert.ToHexString(tieBreaker).Should().Be("932FF9B151263B36");
        message.TryGetUsername(out var username).Should().BeTrue();
        Encoding.UTF8.GetString(username).Should().Be("evtj:h6vY");
        message.HasIntegrity(Password).Should().BeTrue();
        message.HasIntegrity("another password"u8).Should().BeFalse();
        message.HasIntegritySha256(Password).Should().BeFalse();
    }

    [Fact]
    public void SampleIPv4Response_IsReadAndAuthentic()
    {
        StunMessage.TryParse(IPv4Response, out var message).Should().BeTrue();
        message.Class.Should().Be(StunClass.SuccessResponse);
        message.TryGetMappedAddress(out var mapped).Should().BeTrue();
        mapped.ToString().Should().Be("192.0.2.1:32853");
        message.HasIntegrity(Password).Should().BeTrue();
        message.HasFingerprint.Should().BeTrue();
    }

    [Fact]
    public void SampleIPv6Response_IsReadAndAuthentic()
    {
        StunMessage.TryParse(IPv6Response, out var message).Should().BeTrue();
        message.TryGetMappedAddress(out var mapped).Should().BeTrue();
        mapped.ToString().Should().Be("[2001:db8:1234:5678:11:2233:4455:6677]:32853");
        message.HasIntegrity(Password).Should().BeTrue();
        message.HasFingerprint.Should().BeTrue();
    }

    [Fact]
    public void SampleLongTermRequest_IsReadAndAuthentic()
    {
        StunMessage.TryParse(LongTermRequest, out var message).Should().BeTrue();
        message.TryGetUsername(out var username).Should().BeTrue();
        Encoding.UTF8.GetString(username).Should().Be("マトリックス");
#pragma warning disable CA5351 // RFC 8489 §9.2.2 says MD5 for long-term keys; the vector is of that kind.
        message.HasIntegrity(MD5.HashData(Encoding.UTF8.GetBytes("マトリックス:example.org:TheMatrIX"))).Should().BeTrue();
#pragma warning restore CA5351
        message.HasFingerprint.Should().BeFalse();
    }

    [Fact]
    public void SampleSha256Request_IsReadAndAuthentic()
    {
        StunMessage.TryParse(Sha256Request, out var message).Should().BeTrue();
        message.TryGet(StunAttribute.UserHash, out var hash).Should().BeTrue();
        hash.ToArray().Should().Equal(SHA256.HashData(Encoding.UTF8.GetBytes("マトリックス:example.org")));
        message.HasIntegritySha256(SHA256.HashData(Encoding.UTF8.GetBytes("マトリックス:example.org:TheMatrIX"))).Should().BeTrue();
        message.HasIntegrity(Password).Should().BeFalse();
    }

    /// <summary>What is written of the responses' contents is, but for the padding that the RFC fills with spaces, those responses.</summary>
    [Fact]
    public void Writer_WritesTheResponse_ByteForByte_ButForPadding()
    {
        StunMessage.TryParse(IPv6Response, out var sample).Should().BeTrue();
        sample.TryGetMappedAddress(out var mapped);
        var buffer = new byte[StunHeader.MaxMessageLength];
        var writer = new StunWriter(buffer, StunClass.SuccessResponse, Transaction);
        writer.Add(StunAttribute.Software, "test vector"u8);
        writer.Add(StunAttribute.XorMappedAddress, mapped);
        writer.AddIntegrity(Password);
        writer.AddFingerprint();
        var expected = IPv6Response.ToArray();
        expected[35] = 0;
        const int integrityValue = 64, fingerprint = 84;
        writer.Written[2..integrityValue].ToArray().Should().Equal(expected[2..integrityValue]);
        writer.Length.Should().Be(expected.Length);
        writer.Written[fingerprint..(fingerprint + 4)].ToArray().Should().Equal(expected[fingerprint..(fingerprint + 4)]);
        StunMessage.TryParse(writer.Written, out var written).Should().BeTrue();
        written.HasIntegrity(Password).Should().BeTrue();
    }

    [Fact]
    public void EveryBit_Counts()
    {
        for (var bit = 0; bit < Sha256Request.Length * 8; bit++)
        {
            var changed = Sha256Request.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            (StunMessage.TryParse(changed, out var message)
                && message.HasIntegritySha256(SHA256.HashData(Encoding.UTF8.GetBytes("マトリックス:example.org:TheMatrIX")))).Should().BeFalse($"bit {bit} was changed");
        }
    }
}
