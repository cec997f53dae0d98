using Crust.Nat.HolePunching;
using Crust.Nat.Stun;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Simulation.Nat;

/// <summary>What a hostile peer, or somebody on the path, may make of a punch: bounded, each of it.</summary>
public sealed class HostilePunchTests
{
    private static readonly TransportAddress Victim = TransportAddress.FromIPv4(0xC6336401, 53);

    [Fact]
    public void AVictimAsCandidate_GetsAFewChecks_AndNothingElse()
    {
        var story = new PunchStory(1, NatKind.PortRestricted, NatKind.PortRestricted);
        story.Internet.Attach(Victim.Address, static (_, _, _) => { });
        Offer(story, [.. Enumerable.Range(0, PunchDescription.MaxCandidates).Select(i => new PunchCandidate(CandidateKind.ServerReflexive, Victim with { Port = (ushort)(1000 + i) }))]);
        story.World.Run(story.World.Now + TimeSpan.FromSeconds(30));

        story.Left.Failure.Should().Be(PunchFailure.TimedOut);
        // Sixteen pairs, ten checks each at most, 200 a second at most.
        story.Internet.SentTo[Victim.Address].Should().BeInRange(16, 16 * 14);
    }

    [Fact]
    public void MoreCandidatesThanMayBe_AreNotChecked()
    {
        var story = new PunchStory(2, NatKind.PortRestricted, NatKind.PortRestricted);
        Offer(story, [.. Enumerable.Range(0, 100).Select(i => new PunchCandidate(CandidateKind.ServerReflexive, Victim with { Port = (ushort)(1000 + i) }))]);
        story.World.Run(story.World.Now + TimeSpan.FromSeconds(30));

        story.Left.SentTo.Count(a => a.Address == Victim.Address).Should().Be(PunchDescription.MaxCandidates);
    }

    [Fact]
    public void CandidatesThatMeanNothingThere_GetNothing()
    {
        var story = new PunchStory(3, NatKind.PortRestricted, NatKind.PortRestricted);
        TransportAddress[] forbidden =
        [
            TransportAddress.FromIPv4(0x7F000001, 80), TransportAddress.FromIPv4(0xE0000001, 80), TransportAddress.FromIPv4(0xFFFFFFFF, 80),
            TransportAddress.FromIPv4(0xA9FEA9FE, 80), TransportAddress.FromIPv4(0x0A000001, 80), TransportAddress.FromIPv4(0, 80), Victim with { Port = 0 },
            new(UInt128.One, 80), new((UInt128)0xFE80 << 112 | 1, 80), new((UInt128)0xFF02 << 112 | 1, 80), new((UInt128)0xFD00 << 112 | 1, 80),
        ];
        Offer(story, [.. forbidden.Select(static a => new PunchCandidate(CandidateKind.Host, a))]);
        story.World.Run(story.World.Now + TimeSpan.FromSeconds(30));

        story.Left.Failure.Should().Be(PunchFailure.NoCandidates);
        story.Left.SentTo.Should().NotContain(forbidden);
    }

    [Fact]
    public void ASprayWithoutAttestation_IsNotMade()
    {
        var story = new PunchStory(4, NatKind.PortRestricted, NatKind.Symmetric);
        story.Internet.Attach(Victim.Address, static (_, _, _) => { });
        story.Left.Spray = static _ => SprayVerdict.NotAttested;
        Offer(story, [new PunchCandidate(CandidateKind.ServerReflexive, Victim)], PortPredictability.Random);
        story.World.Run(story.World.Now + TimeSpan.FromSeconds(30));

        story.Left.Failure.Should().Be(PunchFailure.SprayNotAttested);
        story.Left.Machine!.Sprayed.Should().Be(0);
        story.Internet.SentTo[Victim.Address].Should().BeLessThan(16);
    }

    [Fact]
    public void ASpray_StaysWithinItsBounds()
    {
        var story = new PunchStory(5, NatKind.PortRestricted, NatKind.Symmetric);
        story.Internet.Attach(Victim.Address, static (_, _, _) => { });
        var start = story.World.Now;
        Offer(story, [new PunchCandidate(CandidateKind.ServerReflexive, Victim)], PortPredictability.Random);
        story.World.Run(start + TimeSpan.FromSeconds(60));

        story.Left.Failure.Should().Be(PunchFailure.SprayExhausted);
        story.Left.Machine!.Sprayed.Should().Be(ProbeSpray.MaxProbes);
        (story.World.Now - start).Should().BeGreaterThan(PunchMachine.CheckSpacing * ProbeSpray.MaxProbes);
        story.Left.SentTo.Count(a => a.Address == Victim.Address).Should().BeInRange(ProbeSpray.MaxProbes, ProbeSpray.MaxProbes + 1, "no port is probed twice");
    }

    [Fact]
    public void ACheck_CountsOnlyWithTheAttemptsKeyAndDirection()
    {
        var story = new PunchStory(6, NatKind.FullCone, NatKind.FullCone);
        var id = Begin(story);
        var from = TransportAddress.FromIPv4(0xC6336402, 999);
        Span<byte> buffer = stackalloc byte[256];
        var transaction = new StunTransactionId(1, 2);

        var wrongKey = new CheckCodec(new byte[32], id, isLower: story.Left.Number > story.Right.Number);
        story.Left.Inject(0, from, buffer[..wrongKey.WriteRequest(buffer, transaction, 0, nominates: true)]).Should().BeFalse();
        var otherAttempt = new CheckCodec(story.Secret, new byte[16], isLower: story.Left.Number > story.Right.Number);
        story.Left.Inject(0, from, buffer[..otherAttempt.WriteRequest(buffer, transaction, 0, nominates: true)]).Should().BeFalse();
        // What we sent ourselves, sent back to us.
        var own = new CheckCodec(story.Secret, id, isLower: story.Left.Number < story.Right.Number);
        story.Left.Inject(0, from, buffer[..own.WriteRequest(buffer, transaction, 0, nominates: true)]).Should().BeFalse();
        story.Left.SentTo.Should().NotContain(from);

        var right = new CheckCodec(story.Secret, id, isLower: story.Left.Number > story.Right.Number);
        story.Left.Inject(0, from, buffer[..right.WriteRequest(buffer, transaction, 0, nominates: false)]).Should().BeTrue("this one is the remote's");
        story.Left.SentTo.Should().Contain(from);
    }

    [Fact]
    public void ACheckThatIsRepeatedFromElsewhere_IsDropped()
    {
        var story = new PunchStory(7, NatKind.FullCone, NatKind.FullCone);
        var id = Begin(story);
        Span<byte> buffer = stackalloc byte[256];
        var remote = new CheckCodec(story.Secret, id, isLower: story.Left.Number > story.Right.Number);
        var length = remote.WriteRequest(buffer, new StunTransactionId(3, 4), 0, nominates: false);

        story.Left.Inject(0, TransportAddress.FromIPv4(0xC6336402, 999), buffer[..length]).Should().BeTrue();
        story.Left.Inject(0, Victim, buffer[..length]).Should().BeFalse();
        story.Left.Inject(0, TransportAddress.FromIPv4(0xC6336402, 999), buffer[..length]).Should().BeTrue("the network may double it");

        story.Left.SentTo.Should().NotContain(Victim);
    }

    [Fact]
    public void AnAnswer_IsNoLongerThanItsCheck()
    {
        Span<byte> buffer = stackalloc byte[256];
        var codec = new CheckCodec(new byte[32], new byte[16], isLower: true);
        var check = codec.WriteRequest(buffer, default, 0, nominates: false);

        codec.WriteResponse(buffer, default, new TransportAddress(UInt128.MaxValue, 1)).Should().BeLessThanOrEqualTo(check);
    }

    [Fact]
    public void ManyForgedMessages_LeaveNothing()
    {
        var story = new PunchStory(8, NatKind.FullCone, NatKind.FullCone);
        Begin(story);
        var sent = story.Left.Sent;
        Span<byte> noise = stackalloc byte[120];
        for (var i = 0; i < 20_000; i++)
        {
            story.World.Random.Fill(noise);
            noise[0] = (byte)(i % 2);
            story.Left.Inject(0, TransportAddress.FromIPv4(0xC6336400 + (uint)i % 256, (ushort)(1 + i % 60_000)), noise).Should().BeFalse();
        }

        story.Left.Sent.Should().BeLessThanOrEqualTo(sent + 1);
    }

    private static byte[] Begin(PunchStory story)
    {
        var id = new byte[16];
        story.World.Random.Fill(id);
        story.Left.Describe = static (_, _) => { };
        story.Left.Begin(isInitiator: true, id, story.Secret, isFresh: false, TimeSpan.FromMilliseconds(50));
        story.World.Run(story.World.Now + TimeSpan.FromSeconds(1));
        return id;
    }

    /// <summary>The left peer answers an offer of whoever hides behind the right one.</summary>
    private static void Offer(PunchStory story, IReadOnlyList<PunchCandidate> candidates, PortPredictability ports = PortPredictability.Stable)
    {
        var id = new byte[16];
        story.World.Random.Fill(id);
        story.Left.Describe = static (_, _) => { };
        story.Left.Begin(isInitiator: false, id, story.Secret, isFresh: false, TimeSpan.FromMilliseconds(50));
        story.Left.Hear(new PunchDescription(candidates, ports, true));
    }
}
