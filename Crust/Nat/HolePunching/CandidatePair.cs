using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>A socket of ours and an address of the remote, to be checked (RFC 8445 §6.1.2).</summary>
internal sealed class CandidatePair(int socket, PunchCandidate remote, uint priority, Instant due)
{
    internal int Socket => socket;

    internal TransportAddress Remote => remote.Address;

    internal CandidateKind Kind => remote.Kind;

    /// <summary>Higher is better.</summary>
    internal uint Priority => priority;

    internal PairState State { get; set; }

    /// <summary>When the next check is due.</summary>
    internal Instant Due { get; set; } = due;

    /// <summary>Checks that were sent.</summary>
    internal int Sent { get; set; }
}
