using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>What a <see cref="PunchMachine"/> needs to begin.</summary>
internal sealed record PunchSetup
{
    /// <summary>Whether our id is the lower one: it nominates, and dials.</summary>
    internal required bool IsLower { get; init; }

    /// <summary>Whether we offer; else we answer an offer.</summary>
    internal required bool IsInitiator { get; init; }

    /// <summary>16 bytes that name the attempt.</summary>
    internal required byte[] AttemptId { get; init; }

    /// <summary>32 secret bytes that the session exports at both ends.</summary>
    internal required byte[] Secret { get; init; }

    /// <summary>32 random bytes of our own: transaction ids come from it.</summary>
    internal required byte[] Seed { get; init; }

    /// <summary>STUN servers to ask, at most <see cref="CandidateGatherer.MaxServers"/>.</summary>
    internal IReadOnlyList<TransportAddress> Servers { get; init; } = [];

    /// <summary>Host and mapped candidates of the node's own socket.</summary>
    internal IReadOnlyList<PunchCandidate> Own { get; init; } = [];

    /// <summary>Round trip of the session that carries offers. Default 200 ms.</summary>
    internal TimeSpan RoundTrip { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What is known of the NAT already; what the servers say now counts more.</summary>
    internal PortPredictability Ports { get; init; }

    /// <summary>Whether our NAT filters by port, as far as is known. Default true.</summary>
    internal bool FiltersPorts { get; init; } = true;

    /// <summary>Whether to punch from a socket of the attempt's own, since mappings of the node's own may be spoilt. Default no.</summary>
    internal bool UsesFreshSocket { get; init; }

    /// <summary>Whether we are on loopback, and may send there.</summary>
    internal bool LoopbackAllowed { get; init; }
}
