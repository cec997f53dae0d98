namespace Crust.Nat.Stun;

/// <summary>When a request over UDP is sent again (RFC 8489 §6.2.1): after RTO, then twice that, and so on; after the last one the answer has still Rm × RTO.</summary>
/// <param name="FirstWait">RTO.</param>
/// <param name="MaxRequests">Rc: how often it is sent at most, ≥ 1.</param>
/// <param name="LastWait">How long the last one is waited for, in units of RTO: Rm.</param>
internal readonly record struct StunTimers(TimeSpan FirstWait, int MaxRequests, int LastWait)
{
    /// <summary>The specification's: 500 ms, 7, 16; 39.5 s in all.</summary>
    internal static StunTimers Default { get; } = new(TimeSpan.FromMilliseconds(500), 7, 16);

    /// <summary>Ours, where somebody waits: at 0, 250 and 750 ms, given up after 1.75 s. Within the 3 s that finding out about NATs may take twice.</summary>
    internal static StunTimers Quick { get; } = new(TimeSpan.FromMilliseconds(250), 3, 4);

    /// <summary>How long to wait after the request was sent for the <paramref name="sent"/>th time (1 to <see cref="MaxRequests"/>).</summary>
    internal TimeSpan WaitAfter(int sent) => sent < MaxRequests ? FirstWait * (1L << (sent - 1)) : FirstWait * LastWait;
}
