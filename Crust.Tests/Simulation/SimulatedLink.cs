using Crust.Primitives;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>
/// A bidirectional byte stream between two nodes, or between an attacker and a node. What real networks do maps so: loss and reordering of packets are
/// jitter and stalls; a lost path is a black hole or a partition; a crashed host is a reset that one end sees late or never (half-open).
/// </summary>
internal sealed class SimulatedLink
{
    private readonly World _world;

    internal SimulatedLink(World world, LinkProfile profile, LinkRank rank, int number)
    {
        (_world, Profile, Rank, Number) = (world, profile, rank, number);
        FromDialler = new LinkWay(world, profile);
        FromAcceptor = new LinkWay(world, profile);
    }

    internal LinkProfile Profile { get; }

    internal LinkRank Rank { get; }

    internal int Number { get; }

    internal LinkWay FromDialler { get; }

    internal LinkWay FromAcceptor { get; }

    /// <summary>Both ends know that it is over, or will learn it.</summary>
    internal bool IsOver { get; private set; }

    internal void Connect(ILinkReader dialler, ILinkReader acceptor)
    {
        (FromDialler.Writer, FromDialler.Reader) = (dialler, acceptor);
        (FromAcceptor.Writer, FromAcceptor.Reader) = (acceptor, dialler);
    }

    /// <summary>An end closes in order: what it wrote still arrives, then the end.</summary>
    internal void Close(bool byDialler)
    {
        Way(!byDialler).Cut();
        Way(byDialler).End();
        IsOver = true;
    }

    /// <summary>An end is gone: the other sees a reset after a while; or never, when <paramref name="silently"/>.</summary>
    internal void Abort(bool byDialler, bool silently)
    {
        Way(!byDialler).Cut();
        IsOver = true;
        if (silently || Way(byDialler).IsBlackHole)
        {
            Way(byDialler).Swallow();
            return;
        }

        // Sometimes what is under way still arrives before the reset, sometimes nothing does.
        if (_world.Random.Chance(0.5))
        {
            Way(byDialler).End();
            return;
        }

        Way(byDialler).Cut();
        _world.After(Profile.Delay, () => Way(byDialler).Reader?.Ended());
    }

    /// <summary>The network resets the link: one end sees it at once, the other after <paramref name="otherAfter"/>, or never.</summary>
    internal void Reset(bool dialler, TimeSpan? otherAfter)
    {
        FromDialler.Cut();
        FromAcceptor.Cut();
        IsOver = true;
        _world.Soon(() => Way(!dialler).Reader?.Ended());
        if (otherAfter is { } after)
            _world.After(after, () => Way(dialler).Reader?.Ended());
    }

    internal void Stall(Instant until)
    {
        FromDialler.Stall(until);
        FromAcceptor.Stall(until);
    }

    /// <summary>The way that one end writes to.</summary>
    internal LinkWay Way(bool fromDialler) => fromDialler ? FromDialler : FromAcceptor;
}
