using Crust.Primitives;

namespace Crust.Session.Receiving;

/// <summary>
/// When an acknowledgement is due: for each quarter window received, whole entries or not; 25 ms after the first entry that is not acknowledged yet; 250 ms
/// after bytes of one that is not whole or not verified. What is pending also rides along with any other record.
/// </summary>
internal sealed class AcknowledgementPolicy
{
    /// <summary>Ours: as RFC 9000 §13.2.1 has it for QUIC.</summary>
    internal static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(25);

    /// <summary>Ours: a quarter of the silence after which a sender would take the link for dead, whatever a slow link needs to carry a large batch.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromMilliseconds(250);

    private long _received;
    private bool _hasEntry;

    /// <summary>True when it must be written with the next record.</summary>
    internal bool IsDue { get; private set; }

    /// <summary>True when there is something new to say.</summary>
    internal bool IsPending => IsDue || _hasEntry;

    /// <summary>When it becomes due by time alone.</summary>
    internal Instant? Deadline { get; private set; }

    /// <summary>Bytes of entries arrived: the sender learns that they do, or it would take the link for dead.</summary>
    internal void HandleBytes(long bytes, long window, Instant now)
    {
        _received += bytes;
        if (_received >= window / 4)
            Demand();
        else if (!IsDue)
            Deadline ??= now + SignOfLife;
    }

    /// <summary>An entry can be acknowledged.</summary>
    internal void HandleEntry(Instant now)
    {
        _hasEntry = true;
        if (!IsDue)
            Deadline = Instant.Earlier(Deadline, now + Delay);
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
        _hasEntry = false;
        IsDue = false;
        Deadline = null;
    }
}
