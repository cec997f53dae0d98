using System.Text;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Tests.Unit.Identity.Evidence;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Evidence comes from anywhere: whatever it is, it is refused or read, and only what was signed verifies.</summary>
public sealed class EvidenceFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 4712;
    private const int Cases = 20_000;

    /// <summary>Where the signature begins in the binary form.</summary>
    private const int SignatureOffset = 8 + 32 * 4 + 8 + 4 + 32 + 8;

    private static readonly SignedMessage[] Messages =
    [
        .. Exports.OfEveryKind(),
        .. Exports.Batch(Exports.Session(), 7, [.. Enumerable.Range(0, 5).Select(i => Exports.Said.Message($"{i}"))]),
    ];

    private static readonly EquivocationProof[] Proofs = [new(Messages[0], Messages[8]), new(Messages[1], Messages[12])];

    [Fact]
    public void SignedMessage_InBinary_RefusesEveryMutation() => Run([.. Messages.Select(m => m.ToBytes())], bytes =>
    {
        if (!SignedMessage.TryParse(bytes, out var message))
            return false;
        message.ToBytes().Should().Equal(bytes, "there is one encoding of a message");
        return IsSaid(message, message.Verify());
    });

    [Fact]
    public void SignedMessage_InJson_RefusesEveryMutation() => Run([.. Messages.Select(m => Encoding.UTF8.GetBytes(m.ToJson()))], bytes =>
    {
        if (!SignedMessage.TryParse(bytes, out var message))
            return false;
        SignedMessage.Parse(message.ToJson()).ToBytes().Should().Equal(message.ToBytes());
        return IsSaid(message, message.Verify());
    });

    [Fact]
    public void EquivocationProof_InBinary_RefusesEveryMutation() => Run([.. Proofs.Select(p => p.ToBytes())], bytes =>
    {
        if (!EquivocationProof.TryParse(bytes, out var proof))
            return false;
        proof.ToBytes().Should().Equal(bytes);
        return AreSaid(proof);
    });

    [Fact]
    public void EquivocationProof_InJson_RefusesEveryMutation() => Run([.. Proofs.Select(p => Encoding.UTF8.GetBytes(p.ToJson()))], bytes =>
    {
        _ = EvidenceJson.TypeOf(bytes);
        return EquivocationProof.TryParse(bytes, out var proof) && AreSaid(proof);
    });

    [Fact]
    public void SignedMessage_KeepsItsBounds_WhenItsOwnSenderSignsNonsense() => Run([.. Messages.Select(m => m.ToBytes())], bytes =>
    {
        if (!SignedMessage.TryParse(bytes, out var message) || message.Sender != Exports.Alice.Id)
            return false;
        Statement.Sign(Exports.Alice, Statement.Batch, message.Network, message.StatementBody()!).CopyTo(bytes, SignatureOffset);
        SignedMessage.TryVerify(bytes, out message).Should().BeTrue("the sender signed it");
        message!.Payload.Length.Should().BeLessThanOrEqualTo(EvidenceLimits.MaxPayloadLength);
        message.BatchCount.Should().BeInRange(1, EvidenceLimits.MaxBatchCount);
        message.Protocol.Should().MatchRegex("^[ -~]{1,64}$");
        message.Number.Should().BeInRange(message.BatchFirst, message.BatchFirst + (ulong)message.BatchCount - 1);
        _ = message.ClaimedTime;
        SignedMessage.Parse(message.ToJson()).Verify().Should().BeTrue();
        return true;
    });

    private static bool IsSaid(SignedMessage message, bool isGood)
    {
        if (isGood)
            Messages.Should().Contain(said => said.ToBytes().SequenceEqual(message.ToBytes()), "only what was signed verifies");
        return isGood;
    }

    private static bool AreSaid(EquivocationProof proof) => proof.Verify() && IsSaid(proof.First, true) && IsSaid(proof.Second, true);

    private void Run(IReadOnlyList<byte[]> corpus, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {Cases} cases, {accepted} accepted");
    }
}
