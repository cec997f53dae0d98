using Crust.Gateway.Relay;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway.Relay;

public sealed class RelayPacerTests
{
    private static readonly PeerId Hog = Peer(1), Modest = Peer(2), Other = Peer(3);

    [Fact]
    public void Total_IsHeld_AndAHogTakesNothingOfOthersShares()
    {
        var pacer = new RelayPacer(bytesPerSecond: 1_000_000, peerBytesPerSecond: 0, At(0));
        var hogs = Enumerable.Range(0, 50).Select(_ => new PacedSender(Hog)).ToList();
        var modest = new PacedSender(Modest);
        var other = new PacedSender(Other);
        foreach (var sender in hogs.Append(modest).Append(other))
            pacer.Want(sender, 10_000_000, At(0));

        Run(pacer, 0, 10_000);

        var (hog, first, second) = (hogs.Sum(h => h.Given), modest.Given, other.Given);
        (hog + first + second).Should().BeInRange(9_900_000, 10_300_000, "ten seconds of a megabyte each");
        first.Should().BeCloseTo(hog, 3 * RelayPacer.Share, "fifty circuits of one peer have one share");
        second.Should().BeCloseTo(first, 3 * RelayPacer.Share);
    }

    [Fact]
    public void Peer_IsHeld_AndOthersAreNot()
    {
        var pacer = new RelayPacer(bytesPerSecond: 0, peerBytesPerSecond: 100_000, At(0));
        var (hog, modest) = (new PacedSender(Hog), new PacedSender(Modest));
        pacer.Want(hog, 100_000_000, At(0));
        pacer.Want(modest, 50_000, At(0));

        Run(pacer, 0, 5_000);

        hog.Given.Should().BeInRange(490_000, 530_000);
        modest.Given.Should().Be(50_000);
    }

    [Fact]
    public void Nobody_IsCutOff_HoweverLongItLasts()
    {
        var pacer = new RelayPacer(bytesPerSecond: 1_000_000, peerBytesPerSecond: 0, At(0));
        var sender = new PacedSender(Hog);
        for (var hour = 0; hour < 100; hour++)
        {
            var now = hour * 3_600_000L;
            pacer.Want(sender, sender.Given + 100_000, At(now));
            Run(pacer, now, now + 1_000);
            pacer.IsBusy.Should().BeFalse();
        }

        sender.Given.Should().Be(10_000_000);
    }

    [Fact]
    public void WhoIsOver_GetsNothing_AndIsForgotten()
    {
        var pacer = new RelayPacer(0, 100_000, At(0));
        var senders = Enumerable.Range(0, 100).Select(i => new PacedSender(Peer((byte)(i + 10)))).ToList();
        foreach (var sender in senders)
        {
            pacer.Want(sender, 1_000_000, At(0));
            RelayPacer.Forget(sender);
        }

        Run(pacer, 0, 1_000);
        pacer.Sweep(At(2_000));

        senders.Should().OnlyContain(s => s.Given == 0);
        (pacer.IsBusy, pacer.PeerCount).Should().Be((false, 0));
    }

    private static void Run(RelayPacer pacer, long fromMilliseconds, long toMilliseconds)
    {
        for (var now = fromMilliseconds; now <= toMilliseconds; now += 10)
        {
            while (pacer.TryGive(At(now), out _))
            {
            }
        }
    }

    private static Instant At(long milliseconds) => new(1 + milliseconds * 1000);

    private static PeerId Peer(byte seed)
    {
        using var identity = PeerIdentity.FromSeed([.. Enumerable.Repeat(seed, 32)]);
        return identity.Id;
    }
}
