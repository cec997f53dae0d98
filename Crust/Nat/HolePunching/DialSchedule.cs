using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// When TCP connections are tried to each address of a remote that tries as well (RFC 5128 §3.4). Whoever's SYN comes second finds the other's NAT open, and meets a socket that waits
/// for it (simultaneous open). So a try is never given up while it may succeed: the SYN that answers must have the sequence number that our NAT saw go out, or the NAT drops it as
/// invalid, and keeps doing so. A router or host that answers an early SYN with RST only costs that try; the next follows at once. Pure; what a try gives is told by
/// <see cref="HandleFailed"/>, and the driver stops once one has connected.
/// </summary>
internal sealed class DialSchedule
{
    /// <summary>How long tries go on. Ours: the kernel repeats a lost SYN after 1 and 3 s.</summary>
    internal static readonly TimeSpan Lasts = TimeSpan.FromSeconds(5);

    /// <summary>After a refusal: at first at once, for both sides' clocks agree within a round trip; then ever rarer.</summary>
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(25), LongestRepeat = TimeSpan.FromMilliseconds(250);

    private readonly Target[] _targets;
    private readonly Instant _end;

    /// <param name="targets">Where to dial, the best first.</param>
    /// <param name="start">The agreed moment.</param>
    internal DialSchedule(IReadOnlyList<TransportAddress> targets, Instant start)
    {
        _targets = [.. targets.Select(address => new Target(address) { Due = start })];
        _end = start + Lasts;
    }

    /// <summary>Tries that were begun.</summary>
    internal int Tries { get; private set; }

    /// <summary>Takes a try that is due; its result is awaited before the next one to that address.</summary>
    internal bool PollDial(Instant now, out int target, out TransportAddress remote)
    {
        (target, remote) = (-1, default);
        if (now >= _end)
            return false;
        for (var i = 0; i < _targets.Length; i++)
        {
            var candidate = _targets[i];
            if (candidate.IsUnderWay || candidate.Due > now)
                continue;
            candidate.IsUnderWay = true;
            Tries++;
            (target, remote) = (i, candidate.Address);
            return true;
        }

        return false;
    }

    /// <summary>A try was refused, reset or cut.</summary>
    internal void HandleFailed(int target, Instant now)
    {
        var failed = _targets[target];
        failed.IsUnderWay = false;
        var pause = FirstRepeat * (1 << Math.Min(failed.Failures++, 8));
        failed.Due = now + (pause < LongestRepeat ? pause : LongestRepeat);
    }

    /// <summary>When the next try is due, or everything ends; null once it has.</summary>
    internal Instant? PollTimeout(Instant now)
    {
        if (now >= _end)
            return null;
        Instant? next = _end;
        foreach (var target in _targets)
        {
            if (!target.IsUnderWay)
                next = Instant.Earlier(next, target.Due);
        }

        return next;
    }

    private sealed class Target(TransportAddress address)
    {
        internal TransportAddress Address => address;

        internal Instant Due { get; set; }

        internal bool IsUnderWay { get; set; }

        internal int Failures { get; set; }
    }
}
