using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// When an acknowledgement is due: each quarter window received, each quarter window of credit freed, or 25 ms after the first message that is not
/// acknowledged yet. What is pending also rides along with any other record.
/// </summary>
internal sealed class AcknowledgementPolicy
{
    /// <summary>Ours: four acknowledgements a window keep the sender moving. Below it, freed credit alone need not be announced: three quarters of a
    /// window still take the longest message.</summary>
    internal const long Threshold = WireLimits.FlowWindow / 4;

    /// <summary>Ours: as RFC 9000 §13.2.1 has it for QUIC.</summary>
    internal static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(25);

    private long _received;
    private long _freed;

    /// <summary>True when it must be written with the next record.</summary>
    internal bool IsDue { get; private set; }

    /// <summary>True when there is something new to say.</summary>
    internal bool IsPending => IsDue || _received > 0 || _freed > 0;

    /// <summary>When it becomes due by time alone.</summary>
    internal Instant? Deadline { get; private set; }

    /// <summary>A message of this cost can be acknowledged.</summary>
    internal void HandleReceived(long cost, Instant now)
    {
        _received += cost;
        if (!IsDue)
            Deadline ??= now + Delay;
        if (_received >= Threshold)
            Demand();
    }

    /// <summary>The application freed credit of this cost.</summary>
    internal void HandleFreed(long cost)
    {
        _freed += cost;
        if (_freed >= Threshold)
            Demand();
    }

    internal void HandleTimeout(Instant now)
    {
        if (Deadline is { } deadline && deadline <= now)
            Demand();
    }

    /// <summary>Makes it due whatever there is to say.</summary>
    internal void Demand()
    {
        IsDue = true;
        Deadline = null;
    }

    /// <summary>It was written.</summary>
    internal void HandleSent()
    {
        _received = 0;
        _freed = 0;
        IsDue = false;
        Deadline = null;
    }
}
