using Crust.Session.Receiving;

namespace Crust.Session.Streams;

/// <summary>One direction of a stream, where we receive: what has arrived, what of it was verified and delivered, and how far the remote may go.</summary>
internal sealed class InboundStream(SessionLimits limits)
{
    /// <summary>The stream's own window, in bytes, beside that of all streams.</summary>
    internal ReceiveWindow Window { get; } = new(limits, WireLimits.InitialStreamWindow, limits.MaxStreamWindow, WireLimits.Cost(WireLimits.MaxStreamChunk), isWithinAnother: true);

    /// <summary>Bytes that arrived on this link or were delivered before.</summary>
    internal ulong ArrivedThrough { get; private set; }

    internal ulong DeliveredThrough { get; private set; }

    /// <summary>True when a finish or reset arrived: nothing may follow.</summary>
    internal bool HasArrivedEnd { get; private set; }

    /// <summary>True when it was delivered.</summary>
    internal bool IsEnded { get; private set; }

    /// <summary>True when the application wants no more: what still comes is dropped.</summary>
    internal bool IsStopped { get; set; }

    /// <summary>True while its credit waits to be written.</summary>
    internal bool IsCreditQueued { get; set; }

    /// <summary>Data arrived; false when it is more than the remote may send.</summary>
    internal bool TryArrive(int bytes)
    {
        if (HasArrivedEnd || !Window.TryCharge(bytes))
            return false;
        ArrivedThrough += (ulong)bytes;
        return true;
    }

    internal void Delivered(int bytes) => DeliveredThrough += (ulong)bytes;

    /// <summary>The end arrived; false for a second one.</summary>
    internal bool TryArriveEnd()
    {
        if (HasArrivedEnd)
            return false;
        HasArrivedEnd = true;
        return true;
    }

    internal void End() => IsEnded = true;

    /// <summary>The link changed: what arrived and was not delivered comes again.</summary>
    internal void Rewind()
    {
        Window.Refund((long)(ArrivedThrough - DeliveredThrough));
        ArrivedThrough = DeliveredThrough;
        HasArrivedEnd = IsEnded;
    }
}
