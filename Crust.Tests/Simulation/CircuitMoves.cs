namespace Crust.Tests.Simulation;

/// <summary>What the ends of sessions did with circuits, counted: a story in which none carried anything shows nothing.</summary>
internal sealed class CircuitMoves
{
    /// <summary>A circuit carried the session first.</summary>
    internal int Begun { get; private set; }

    /// <summary>From a circuit to a direct link.</summary>
    internal int Up { get; private set; }

    /// <summary>From a direct link to a circuit.</summary>
    internal int Back { get; private set; }

    /// <summary>From one circuit to another.</summary>
    internal int Over { get; private set; }

    /// <summary>The same, and the other is over another relay.</summary>
    internal int Taken { get; private set; }

    /// <summary>A session moved from a link, if it had one, to another.</summary>
    internal void Moved(SimulatedLink? from, SimulatedLink to)
    {
        switch (from, to)
        {
            case (null, RelayedLink):
                Begun++;
                break;
            case (RelayedLink one, RelayedLink other):
                Over++;
                if (one.Relay != other.Relay)
                    Taken++;
                break;
            case (RelayedLink, _):
                Up++;
                break;
            case (not null, RelayedLink):
                Back++;
                break;
        }
    }
}
