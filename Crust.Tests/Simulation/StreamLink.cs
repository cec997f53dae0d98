using Crust.Primitives;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>
/// A link that is reliable as TCP is. What real networks do maps so: loss and reordering of packets are jitter and stalls; a lost path is a black hole or
/// a partition; a crashed host is a reset that one end sees late or never (half-open).
/// </summary>
internal sealed class StreamLink(World world, LinkProfile profile, LinkRank rank, int number) : SimulatedLink(rank, number)
{
    private readonly LinkWay _fromDialler = new(world, profile);
    private readonly LinkWay _fromAcceptor = new(world, profile);

    internal override void Attach(bool isDialler, ILinkReader end) => (Way(!isDialler).Reader, Way(isDialler).Writer) = (end, end);

    internal override bool HasRoom(bool isDialler) => Way(isDialler).HasRoom;

    internal override void Write(bool isDialler, byte[] ownedBytes) => Way(isDialler).Write(ownedBytes);

    internal override long AlteredFrom(bool isDialler) => Way(!isDialler).AlteredFrom;

    internal override void Close(bool byDialler)
    {
        Way(!byDialler).Cut();
        Way(byDialler).End();
        IsOver = true;
    }

    internal override void Abort(bool byDialler, bool silently)
    {
        Way(!byDialler).Cut();
        IsOver = true;
        if (silently || Way(byDialler).IsBlackHole)
        {
            Way(byDialler).Swallow();
            return;
        }

        // Sometimes what is under way still arrives before the reset, sometimes nothing does.
        if (world.Random.Chance(0.5))
        {
            Way(byDialler).End();
            return;
        }

        Way(byDialler).Cut();
        world.After(profile.Delay, () => Way(byDialler).Reader?.Ended());
    }

    internal override void Reset(bool dialler, TimeSpan? otherAfter)
    {
        _fromDialler.Cut();
        _fromAcceptor.Cut();
        IsOver = true;
        world.Soon(() => Way(!dialler).Reader?.Ended());
        if (otherAfter is { } after)
            world.After(after, () => Way(dialler).Reader?.Ended());
    }

    internal override void Stall(Instant until)
    {
        _fromDialler.Stall(until);
        _fromAcceptor.Stall(until);
    }

    internal override void Swallow(bool fromDialler) => Way(fromDialler).Swallow();

    internal override bool TryAlter(bool fromDialler) => Way(fromDialler).TryAlter();

    internal override void Truncate(bool fromDialler) => Way(fromDialler).Truncate();

    private LinkWay Way(bool fromDialler) => fromDialler ? _fromDialler : _fromAcceptor;
}
