using Crust.Primitives;
using Crust.Session.Circuits;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>A link that is a circuit of the product through a relay. What can happen to it happens in the relay, or to the sessions that it rides on.</summary>
internal sealed class RelayedLink(World world, SimulatedNode relay, int number) : SimulatedLink(LinkRank.Relayed, number)
{
    private readonly CircuitEnd?[] _ends = new CircuitEnd?[2];
    private readonly RelayHalf?[] _halves = new RelayHalf?[2];

    /// <summary>Whom it leads through.</summary>
    internal SimulatedNode Relay => relay;

    internal CircuitEnd AddEnd(bool isDialler, SimulatedHop hop, Circuit circuit) => _ends[Of(isDialler)] = new CircuitEnd(world, this, hop, circuit);

    /// <summary>The relay joined two circuits to one.</summary>
    internal void Join(RelayHalf dialler, RelayHalf acceptor) => (_halves[Of(true)], _halves[Of(false)]) = (dialler, acceptor);

    /// <summary>An end learnt that it is over.</summary>
    internal void Ended() => IsOver = true;

    internal override void Attach(bool isDialler, ILinkReader end) => _ends[Of(isDialler)]!.Reader = end;

    internal override bool HasRoom(bool isDialler) => _ends[Of(isDialler)]!.HasRoom;

    internal override void Write(bool isDialler, byte[] ownedBytes) => _ends[Of(isDialler)]!.Write(ownedBytes);

    internal override long AlteredFrom(bool isDialler) => _halves[Of(!isDialler)]?.AlteredFrom ?? long.MaxValue;

    internal override void Close(bool byDialler)
    {
        IsOver = true;
        _ends[Of(byDialler)]!.Close(atOnce: false);
    }

    internal override void Abort(bool byDialler, bool silently)
    {
        IsOver = true;
        _ends[Of(byDialler)]!.Close(atOnce: true);
    }

    internal override void Reset(bool dialler, TimeSpan? otherAfter)
    {
        IsOver = true;
        _halves[Of(dialler)]?.Cut();
        if (otherAfter is { } after)
            world.After(after, () => _halves[Of(!dialler)]?.Cut());
        else
            _halves[Of(!dialler)]?.Swallow();
    }

    internal override void Stall(Instant until)
    {
        foreach (var half in _halves)
            half?.Stall(until);
    }

    internal override void Swallow(bool fromDialler) => _halves[Of(fromDialler)]?.Swallow();

    internal override bool TryAlter(bool fromDialler) => _halves[Of(fromDialler)]?.TryAlter() == true;

    internal override void Truncate(bool fromDialler)
    {
        IsOver = true;
        foreach (var half in _halves)
            half?.Cut();
    }

    private static int Of(bool isDialler) => isDialler ? 0 : 1;
}
