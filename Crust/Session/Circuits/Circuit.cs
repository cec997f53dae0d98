using Crust.Identity;

namespace Crust.Session.Circuits;

/// <summary>
/// One circuit as one end of a hop sees it: what waits to be written, and how far each direction may go. Belongs to its <see cref="CircuitSet"/>, which alone
/// changes it; counts may be read by others, and are then perhaps a moment old.
/// </summary>
internal sealed class Circuit(ulong id, PeerId peer, CircuitKind kind, bool isOurs)
{
    private long _sent;
    private long _sendLimit = CircuitLimits.InitialWindow;
    private long _received;
    private long _granted = CircuitLimits.InitialWindow;

    internal ulong Id => id;

    /// <summary>At the caller, who is called; at the gateway, whom this hop's circuit is with; at the callee, who calls, says the gateway.</summary>
    internal PeerId Peer => peer;

    internal CircuitKind Kind => kind;

    /// <summary>True when this end opened it.</summary>
    internal bool IsOurs => isOurs;

    /// <summary>Who has it. Set by whoever opened it, or took it, before anything else happens.</summary>
    internal ICircuitUser? User { get; set; }

    internal CircuitQueue Queue { get; } = new();

    /// <summary>Bytes written.</summary>
    internal long Sent
    {
        get => Volatile.Read(ref _sent);
        set => Volatile.Write(ref _sent, value);
    }

    /// <summary>Bytes that may be written in all.</summary>
    internal long SendLimit
    {
        get => Volatile.Read(ref _sendLimit);
        set => Volatile.Write(ref _sendLimit, value);
    }

    /// <summary>Bytes that came.</summary>
    internal long Received
    {
        get => Volatile.Read(ref _received);
        set => Volatile.Write(ref _received, value);
    }

    /// <summary>Bytes that may come in all.</summary>
    internal long Granted
    {
        get => Volatile.Read(ref _granted);
        set => Volatile.Write(ref _granted, value);
    }

    /// <summary>The token to open with; null when the opening is written, or was the remote's.</summary>
    internal byte[]? OpenDue { get; set; }

    internal bool IsCreditDue { get; set; }

    /// <summary>The code to close with once the queue is empty.</summary>
    internal CircuitCode? CloseDue { get; set; }

    /// <summary>Nothing more is taken or told.</summary>
    internal bool IsOver { get; set; }

    /// <summary>True while it stands in the ring of those with something to write.</summary>
    internal bool IsReady { get; set; }

    /// <summary>What it may still write in this turn.</summary>
    internal int Deficit { get; set; }

    /// <summary>Bytes that could be written now.</summary>
    internal int Sendable => (int)Math.Min(Queue.Length, SendLimit - Sent);

    internal bool HasWork => OpenDue is not null || IsCreditDue || Sendable > 0 || (CloseDue is not null && Queue.Length == 0);
}
