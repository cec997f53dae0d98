using Crust.Primitives;

namespace Crust.Session.Receiving;

/// <summary>
/// When an acknowledgement is due: once there is an entry to acknowledge and a quarter window was received, or less where that did not come in time; 25 ms after the first entry that is not acknowledged
/// yet; 250 ms after bytes of one that is not whole or not verified. What is pending also rides along with any other record.
/// </summary>
internal sealed class AcknowledgementPolicy
{
    /// <summary>Ours: as RFC 9000 §13.2.1 has it for QUIC.</summary>
    internal static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(25);

    /// <summary>Ours: a quarter of the silence after which a sender would take the link for dead, whatever a slow link needs to carry a large batch.</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromMilliseconds(250);

    /// <summary>Least that is worth an acknowledgement before its time: a quarter of the smallest window.</summary>
    private const long MinBytes = WireLimits.InitialWindow / 4;

    /// <summary>A quarter of the window, at first.</summary>
    private const int FirstShift = 2;

    private long _received;
    private int _shift = FirstShift;
    private bool _hasEntry;

    /// <summary>True when it must be written with the next record.</summary>
    internal bool IsDue { get; private set; }

    /// <summary>True when there is something new to say.</summary>
    internal bool IsPending => IsDue || _hasEntry;

    /// <summary>When it becomes due by time alone.</summary>
    internal Instant? Deadline { get; private set; }

    /// <summary>Bytes of entries arrived: the sender learns that they do, or it would take the link for dead.</summary>
    internal void HandleBytes(long bytes, Instant now)
    {
        _received += bytes;
        if (!IsDue)
            Deadline ??= now + SignOfLife;
    }

    /// <summary>An entry can be acknowledged. Before, there is nothing to say that would let the sender go on.</summary>
    /// <param name="window">The window that it came through.</param>
    /// <param name="now">Now.</param>
    internal void HandleEntry(long window, Instant now)
    {
        if (IsDue)
        {
            _hasEntry = true;
            return;
        }

        if (_received >= Math.Max(window >> _shift, MinBytes))
            Demand();
        else if (!_hasEntry)
            Deadline = Instant.Earlier(Deadline, now + Delay);
        _hasEntry = true;
    }

    internal void HandleTimeout(Instant now)
    {
        if (Deadline is not { } deadline || deadline > now)
            return;
        // So much came, and then no more: a sender that may hold less than our window waits for us.
        if (_hasEntry && _received >= MinBytes && _shift < sizeof(long) * 8 - 1)
            _shift++;
        Demand();
    }

    /// <summary>The session is idle: the next burst may come from a sender that holds more.</summary>
    internal void Trim() => _shift = FirstShift;

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
