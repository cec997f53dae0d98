using Crust.Cryptography;
using Crust.Identity.Evidence;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Tests.Unit.Identity.Evidence;
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
        signer.Gather(Leaf.Message("p"u8, 1), "one"u8);
        signer.Gather(new Leaf(SignedContent.StreamData, "s"u8, 5, 2, 77), new byte[4000]);
        var first = signer.Sign(1234);
        signer.Gather(new Leaf(SignedContent.StreamFinish, "s"u8, 5, 3, 4077), []);
        var second = signer.Sign(5678);

        (first.First, first.Count, first.Last).Should().Be((1UL, 2, 2UL));
        (second.First, second.Count, second.Last).Should().Be((3UL, 1, 3UL));
        var firstRoot = Blake3.Hash(
            [0x01, .. LeafOf(SignedContent.Message, "p", 0, 1, 0, "one"u8.ToArray()), .. LeafOf(SignedContent.StreamData, "s", 5, 2, 77, new byte[4000])]);
        var firstBytes = Signed(1, 2, new byte[32], 1234, firstRoot);
        Ed25519.Verify(firstBytes, first.Signature, A.Self.Id.ToByteArray()).Should().BeTrue();
        var secondBytes = Signed(3, 1, Blake3.Hash(firstBytes), 5678, LeafOf(SignedContent.StreamFinish, "s", 5, 3, 4077, []));
        Ed25519.Verify(secondBytes, second.Signature, A.Self.Id.ToByteArray()).Should().BeTrue();
        secondBytes.Length.Should().Be(227).And.Be("crust batch v1".Length + 1 + 32 + BatchBody.Length);
    }

    [Fact]
    public void Verifier_TakesAPrefix_AndStaysAsItWasAfterAFalseSignature()
    {
        var signer = new BatchSigner(A);
        signer.Gather(Leaf.Message("p"u8, 1), "one"u8);
        var first = signer.Sign(1);
        signer.Gather(Leaf.Message("p"u8, 2), "two"u8);
        var second = signer.Sign(2);
        var verifier = new BatchVerifier(SessionPair.Parameters(false));
        verifier.TryGather(Leaf.Message("p"u8, 1), "one"u8).Should().BeTrue();
        verifier.TryGather(Leaf.Message("p"u8, 2), "two"u8).Should().BeTrue();

        verifier.TryVerify(new BatchFrame(1, 1, 2, first.Signature), out var evidence).Should().BeFalse("another time was signed");
        evidence.Should().BeNull();
        verifier.TryVerify(new BatchFrame(2, 1, 1, first.Signature), out _).Should().BeFalse("the first number is another");
        verifier.TryVerify(new BatchFrame(1, 3, 1, first.Signature), out _).Should().BeFalse("there are not so many");
        verifier.TryVerify(new BatchFrame(1, 1, 1, first.Signature), out evidence).Should().BeTrue();
        evidence.Should().NotBeNull();
        (verifier.Count, verifier.VerifiedThrough).Should().Be((1, 1UL));
        verifier.TryVerify(new BatchFrame(2, 1, 2, second.Signature), out _).Should().BeTrue();
        (verifier.Verified, verifier.VerifiedThrough).Should().Be((2, 2UL));
    }

    [Fact]
    public void Verifier_TakesNumbersInTurn_AndNoMoreThanABatchHas()
    {
        var verifier = new BatchVerifier(SessionPair.Parameters(false));
        verifier.TryGather(Leaf.Message("p"u8, 2), []).Should().BeFalse();
        for (ulong number = 1; number <= WireLimits.MaxBatchMessages; number++)
            verifier.TryGather(Leaf.Message("p"u8, number), []).Should().BeTrue();
        verifier.TryGather(Leaf.Message("p"u8, WireLimits.MaxBatchMessages + 1), []).Should().BeFalse();
        verifier.Forget();
        verifier.TryGather(Leaf.Message("p"u8, 1), []).Should().BeTrue("what was not verified comes again");
    }

    [Fact]
    public void Evidence_IsACopy_OfWhatWasVerified_AndKeptOnlyIfWanted()
    {
        var (signer, verifier, without) = (new BatchSigner(A), new BatchVerifier(SessionPair.Parameters(false)), new BatchVerifier(SessionPair.Parameters(false), keepEvidence: false));
        var large = new byte[3000];
        for (ulong number = 1; number <= 40; number++)
        {
            var payload = number == 20 ? large : [(byte)number];
            signer.Gather(Leaf.Message("p"u8, number), payload);
            verifier.TryGather(Leaf.Message("p"u8, number), payload).Should().BeTrue();
            (Leaf.NeedsDigest(payload.Length)
                ? without.TryGather(Leaf.Message("p"u8, number), payload.Length, Blake3.Hash(payload))
                : without.TryGather(Leaf.Message("p"u8, number), payload)).Should().BeTrue();
        }

        var batch = signer.Sign(9);
        var frame = new BatchFrame(1, 40, 9, batch.Signature);
        without.TryVerify(frame, out var none).Should().BeTrue();
        none.Should().BeNull();
        verifier.TryVerify(frame, out var evidence).Should().BeTrue();
        verifier.TryGather(Leaf.Message("p"u8, 41), "overwrites buffers"u8).Should().BeTrue();
        verifier.Wipe();

        (evidence!.Network, evidence.First, evidence.Count).Should().Be((A.Network, 1UL, 40));
        var leaves = Enumerable.Range(1, 40).SelectMany(i => LeafOf(SignedContent.Message, "p", 0, (ulong)i, 0, i == 20 ? large : [(byte)i])).ToArray();
        evidence.Leaves.ToArray().Should().Equal(leaves);
        evidence.Signature.ToArray().Should().Equal(batch.Signature.ToArray());
        evidence.Body.ToArray().Should().Equal(Signed(1, 40, new byte[32], 9, StraightLine.Root(leaves))[47..]);
        for (ulong number = 1; number <= 40; number++)
            evidence.Salt(number).ToArray().Should().Equal(StraightLine.Salt(A.SaltSecret, A.Self.Id, number));
        FluentActions.Invoking(() => evidence.Salt(0).ToArray()).Should().Throw<ArgumentOutOfRangeException>();
        FluentActions.Invoking(() => evidence.Salt(41).ToArray()).Should().Throw<ArgumentOutOfRangeException>();
    }

    [Fact]
    public void Signer_CountsLeavesAndBytes_AndTakesNoMoreThanABatchHas()
    {
        var signer = new BatchSigner(A);
        for (ulong number = 1; number <= WireLimits.MaxBatchMessages; number++)
            signer.Gather(Leaf.Message("p"u8, number), [1, 2]);
        (signer.Count, signer.Bytes, signer.SignedThrough).Should().Be((WireLimits.MaxBatchMessages, WireLimits.MaxBatchMessages * 2L, 0UL));
        FluentActions.Invoking(() => signer.Gather(Leaf.Message("p"u8, WireLimits.MaxBatchMessages + 1), [])).Should().Throw<InvalidOperationException>();
        signer.Sign(0);
        (signer.IsEmpty, signer.Count, signer.Bytes, signer.SignedThrough).Should().Be((true, 0, 0L, (ulong)WireLimits.MaxBatchMessages));
        signer.Gather(Leaf.Message("p"u8, WireLimits.MaxBatchMessages + 1), WireLimits.BatchBytes, new byte[32]);
        signer.Bytes.Should().Be(WireLimits.BatchBytes);
        FluentActions.Invoking(() => signer.Gather(Leaf.Message("p"u8, 1), [])).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void SigningAndVerifying_AllocateOnlyWhatTheyGive_OnceWarm()
    {
        Optimized.Require();
        var (signer, verifier) = (new BatchSigner(A), new BatchVerifier(SessionPair.Parameters(false), keepEvidence: false));
        var (number, payload) = (0UL, new byte[100]);
        void Batch()
        {
            for (var i = 0; i < 200; i++)
            {
                number++;
                signer.Gather(Leaf.Message("p"u8, number), payload);
                _ = verifier.TryGather(Leaf.Message("p"u8, number), payload);
            }

            var batch = signer.Sign(1);
            if (!verifier.TryVerify(new BatchFrame(batch.First, batch.Count, 1, batch.Signature), out _))
                throw new InvalidOperationException("The statement is not good.");
        }

        for (var i = 0; i < 3; i++)
            Batch();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            Batch();
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().BeLessThanOrEqualTo(10 * 128, "a signed batch is one object");
    }

    private static byte[] LeafOf(SignedContent kind, string protocol, ulong streamId, ulong number, ulong offset, byte[] payload) =>
        StraightLine.Leaf(StraightLine.Salt(A.SaltSecret, A.Self.Id, number), kind, protocol, streamId, number, offset, payload);

    private static byte[] Signed(ulong first, uint count, byte[] previous, ulong unixMilliseconds, byte[] root) =>
        StraightLine.Signed("test", A.Self.Id, A.Remote, A.SessionId, first, count, previous, unixMilliseconds, root);
}
