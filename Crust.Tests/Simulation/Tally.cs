using Crust.Session;
using Crust.Session.Frames;

namespace Crust.Tests.Simulation;

/// <summary>What one direction of a session put on the wire, by cost, each entry once: what credit is held against, and what is retained.</summary>
internal sealed class Tally
{
    /// <summary>By number: the sum of it and all before.</summary>
    private readonly List<Costs> _through = [default];
    private readonly Costs[] _lanes = new Costs[WireLimits.PriorityCount];

    internal ulong LastNumber => (ulong)_through.Count - 1;

    /// <summary>Of every entry of which a byte was written, with its whole length.</summary>
    internal Costs Begun => _lanes.Aggregate(_through[^1], static (sum, lane) => sum + lane);

    /// <summary>Credit of messages that was given back, in all.</summary>
    internal long ReturnedMessages { get; private set; }

    /// <summary>Credit of streams that was given back, in all.</summary>
    internal long ReturnedStreams { get; private set; }

    /// <summary>The sum up to a number.</summary>
    internal Costs Through(ulong number) => _through[(int)number];

    internal void Wrote(in EntryFrame frame)
    {
        if (frame.Number > LastNumber)
            Complete(frame.Number, frame.Shape.Priority, Costs.Of(frame.Shape, frame.Data.Length));
    }

    internal void Wrote(in BeginFrame frame)
    {
        // Begun again on the next link, it is still the same.
        if (frame.Number == 0)
            _lanes[frame.Shape.Priority] = Costs.Of(frame.Shape, frame.TotalLength);
    }

    internal void Wrote(in EndFrame frame)
    {
        if (frame.Number > LastNumber)
            Complete(frame.Number, frame.Lane, _lanes[frame.Lane]);
    }

    internal void Wrote(in CreditReturnFrame frame) => (ReturnedMessages, ReturnedStreams) = (frame.Messages, frame.Streams);

    private void Complete(ulong number, byte lane, Costs costs)
    {
        if (number != LastNumber + 1 || costs == default)
            throw new SimulationException($"entry {number} was written after {LastNumber}, or ended before it began");
        _through.Add(_through[^1] + costs);
        _lanes[lane] = default;
    }
}
