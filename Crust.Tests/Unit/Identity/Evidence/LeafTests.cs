using System.Text;
using Crust.Identity.Evidence;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity.Evidence;

public class LeafTests
{
    private static readonly byte[] Salt = [.. Enumerable.Range(100, 16).Select(i => (byte)i)];

    [Theory]
    [InlineData(SignedContent.Message, "p", 0, 1, 0, 0)]
    [InlineData(SignedContent.Message, "files/1", 0, 77, 0, 768)]
    [InlineData(SignedContent.Message, "files/1", 0, 77, 0, 769)]
    [InlineData(SignedContent.StreamData, "0123456789012345678901234567890123456789012345678901234567890123", 9, 1UL << 40, ulong.MaxValue, 1025)]
    [InlineData(SignedContent.StreamReset, "012345678901234567890123456789012345678901234567890123456789012", ulong.MaxValue, ulong.MaxValue, 3, 8)]
    public void Hash_IsThatOfTheSpecification(SignedContent kind, string protocol, ulong streamId, ulong number, ulong offset, int length)
    {
        var payload = Payload(length);
        Hash(Salt, kind, protocol, streamId, number, offset, payload).Should().Equal(StraightLine.Leaf(Salt, kind, protocol, streamId, number, offset, payload));
    }

    [Fact]
    public void Hash_DependsOnEveryField()
    {
        byte[][] leaves =
        [
            Hash(Salt, SignedContent.Message, "p", 0, 1, 0, [1]), Hash(new byte[16], SignedContent.Message, "p", 0, 1, 0, [1]),
            Hash(Salt, SignedContent.StreamData, "p", 0, 1, 0, [1]), Hash(Salt, SignedContent.Message, "q", 0, 1, 0, [1]),
            Hash(Salt, SignedContent.Message, "p", 1, 1, 0, [1]), Hash(Salt, SignedContent.Message, "p", 0, 2, 0, [1]),
            Hash(Salt, SignedContent.Message, "p", 0, 1, 1, [1]), Hash(Salt, SignedContent.Message, "p", 0, 1, 0, [2]),
            Hash(Salt, SignedContent.Message, "p", 0, 1, 0, []), Hash(Salt, SignedContent.Message, "p", 0, 1, 0, [1, 0]),
            Hash(Salt, SignedContent.Message, "p", 0, 1, 0, Payload(769)), Hash(Salt, SignedContent.Message, "p", 0, 1, 0, Payload(770)),
        ];
        leaves.Select(Convert.ToHexString).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void TheLongestInput_IsOneChunkOfBlake3() => Leaf.MaxInputLength.Should().BeLessThanOrEqualTo(1024, "so that every leaf takes a lane");

    [Fact]
    public void Limits_AreTheSessionsOwn()
    {
        EvidenceLimits.MaxBatchCount.Should().Be(WireLimits.MaxBatchMessages);
        EvidenceLimits.MaxPayloadLength.Should().Be(WireLimits.MaxMessageLength);
        EvidenceLimits.MaxProtocolNameLength.Should().Be(WireLimits.MaxProtocolNameLength);
    }

    private static byte[] Payload(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i % 251))];

    private static byte[] Hash(byte[] salt, SignedContent kind, string protocol, ulong streamId, ulong number, ulong offset, byte[] payload)
    {
        var hash = new byte[32];
        new Leaf(kind, Encoding.ASCII.GetBytes(protocol), streamId, number, offset).Hash(salt, payload, hash);
        return hash;
    }
}
