using Crust.Session.Links;

namespace Crust.Tests.Unit.Session;

/// <summary>One link of a <see cref="SessionPair"/>: records arrive in order and whole, after a delay, until the link is stalled or lost.</summary>
internal sealed class PairLink
{
    private TimeSpan _delay;

    /// <summary>Null until it stands there.</summary>
    internal LinkEnd A { get; set; } = null!;

    /// <summary>Null until it stands there.</summary>
    internal LinkEnd B { get; set; } = null!;

    internal LinkRank Rank { get; init; }

    /// <summary>The generation that the lower id promised it; 0 for none.</summary>
    internal uint Promised { get; init; }

    /// <summary>One way. What its ends measured before is forgotten: the test means a link that was always so.</summary>
    internal TimeSpan Delay
    {
        get => _delay;
        set
        {
            _delay = value;
            A?.Handle.Heartbeat.Rtt.Reset();
            B?.Handle.Heartbeat.Rtt.Reset();
        }
    }

    /// <summary>True while nothing arrives, though neither end knows why.</summary>
    internal bool IsStalled { get; set; }

    internal LinkEnd Other(LinkEnd end) => end == A ? B : A;

    /// <summary>Everything on it is lost.</summary>
    internal void Empty()
    {
        A.Outbox.Clear();
        B.Outbox.Clear();
    }
}
