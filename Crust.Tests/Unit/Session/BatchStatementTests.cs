using System.Buffers.Binary;
using System.Text;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>The signed bytes, put together a second time without the code under test.</summary>
public class BatchStatementTests
{
    private static readonly SessionParameters A = SessionPair.Parameters(true);

    [Fact]
    public void SignedBytes_AreThoseOfTheSpecification_AndTheSecondNamesTheFirst()
    {
        var signer = new BatchSigner(A);
        signer.Gather("p"u8, 1, "one"u8);
        signer.Gather("p"u8, 2, "two"u8);
        var first = signer.Sign(1234);
        signer.Gather("q"u8, 3, "three"u8);
        var second = signer.Sign(5678);

        (first.First, first.Count, first.Last).Should().Be((1UL, 2, 2UL));
        (second.First, second.Count, second.Last).Should().Be((3UL, 1, 3UL));
        var firstRoot = Blake3.Hash([0x01, .. Leaf("p", 1, "one"), .. Leaf("p", 2, "two")]);
        var firstBytes = Signed(1, 2, new byte[32], 1234, firstRoot);
        Ed25519.Verify(firstBytes, first.Signature, A.Self.Id.ToByteArray()).Should().BeTrue();
        var secondBytes = Signed(3, 1, Blake3.Hash(firstBytes), 5678, Leaf("q", 3, "three"));
        Ed25519.Verify(secondBytes, second.Signature, A.Self.Id.ToByteArray()).Should().BeTrue();
        secondBytes.Length.Should().Be("crust batch v1".Length + 1 + 32 + BatchStatement.BodyLength);
    }

    [Fact]
    public void Verifier_TakesAPrefix_AndStaysAsItWasAfterAFalseSignature()
    {
        var signer = new BatchSigner(A);
        signer.Gather("p"u8, 1, "one"u8);
        var first = signer.Sign(1);
        signer.Gather("p"u8, 2, "two"u8);
        var second = signer.Sign(2);
        var verifier = new BatchVerifier(SessionPair.Parameters(false));
        verifier.TryGather("p"u8, 1, "one"u8).Should().BeTrue();
        verifier.TryGather("p"u8, 2, "two"u8).Should().BeTrue();

        verifier.TryVerify(new BatchFrame(1, 1, 2, first.Signature)).Should().BeFalse("another time was signed");
        verifier.TryVerify(new BatchFrame(1, 1, 1, first.Signature)).Should().BeTrue();
        verifier.Count.Should().Be(1);
        verifier.TryVerify(new BatchFrame(2, 1, 2, second.Signature)).Should().BeTrue();
        verifier.Verified.Should().Be(2);
    }

    [Fact]
    public void Leaf_DependsOnEveryField()
    {
        var hasher = new LeafHasher(A.SaltSecret, A.Self.Id);
        byte[] Of(LeafHasher by, string protocol, ulong number, string payload)
        {
            var leaf = new byte[32];
            by.Leaf(Encoding.ASCII.GetBytes(protocol), number, Encoding.ASCII.GetBytes(payload), leaf);
            return leaf;
        }

        byte[][] leaves =
        [
            Of(hasher, "p", 1, "x"), Of(hasher, "q", 1, "x"), Of(hasher, "p", 2, "x"), Of(hasher, "p", 1, "y"), Of(hasher, "p", 1, ""),
            Of(hasher, "px", 1, ""), Of(new LeafHasher(new byte[32], A.Self.Id), "p", 1, "x"), Of(new LeafHasher(A.SaltSecret, A.Remote), "p", 1, "x"),
        ];
        leaves.Select(Convert.ToHexString).Should().OnlyHaveUniqueItems();
        leaves[0].Should().Equal(Leaf("p", 1, "x"));
    }

    [Fact]
    public void Signer_IsFull_AtTheBoundOfMessagesOrBytes()
    {
        var signer = new BatchSigner(A);
        for (ulong number = 1; number < WireLimits.MaxBatchMessages; number++)
            signer.Gather("p"u8, number, []);
        signer.IsFull.Should().BeFalse();
        signer.Gather("p"u8, WireLimits.MaxBatchMessages, []);
        signer.IsFull.Should().BeTrue();
        signer.Sign(0);
        signer.IsEmpty.Should().BeTrue();
        signer.SignedThrough.Should().Be(WireLimits.MaxBatchMessages);
        signer.Gather("p"u8, WireLimits.MaxBatchMessages + 1, new byte[WireLimits.BatchBytes - 1]);
        signer.IsFull.Should().BeFalse();
        signer.Gather("p"u8, WireLimits.MaxBatchMessages + 2, new byte[1]);
        signer.IsFull.Should().BeTrue();
    }

    private static byte[] Leaf(string protocol, ulong number, string payload)
    {
        var hasher = new Blake3Hasher(A.SaltSecret);
        hasher.Update([.. A.Self.Id.ToByteArray(), 1, .. U64(number)]);
        var salt = new byte[16];
        hasher.Finish(salt);
        return Blake3.Hash(
        [
            0x00, .. salt, 1, (byte)protocol.Length, .. Encoding.ASCII.GetBytes(protocol), .. U64(0), .. U64(number),
            .. U64((ulong)payload.Length), .. Encoding.ASCII.GetBytes(payload),
        ]);
    }

    private static byte[] Signed(ulong first, uint count, byte[] previous, ulong unixMilliseconds, byte[] root)
    {
        var countBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(countBytes, count);
        return
        [
            .. "crust batch v1\0"u8, .. Blake3.Hash("test"u8), .. A.Self.Id.ToByteArray(), .. A.Remote.ToByteArray(), .. A.SessionId,
            .. U64(first), .. countBytes, .. previous, .. U64(unixMilliseconds), .. root,
        ];
    }

    private static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }
}
