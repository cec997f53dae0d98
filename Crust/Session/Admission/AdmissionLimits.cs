namespace Crust.Session.Admission;

/// <summary>Bounds on what others may begin. A prefix is a /24 (IPv4) or a /56 (IPv6).</summary>
/// <param name="PerSecond">Handshakes, average per address prefix.</param>
/// <param name="Burst">Handshakes at once per address prefix. A lab or an office behind one address starts many peers together.</param>
/// <param name="MaxUnderWay">Unproven links in all; beyond, one makes room.</param>
/// <param name="MaxPrefixes">Address prefixes remembered; when all are busy, new ones are refused.</param>
internal sealed record AdmissionLimits(double PerSecond = 100, double Burst = 500, int MaxUnderWay = 256, int MaxPrefixes = 4096)
{
    /// <summary>Unproven links of one prefix, so that four prefixes are needed to fill the places. An honest peer needs one for a round trip.</summary>
    internal int MaxUnderWayPerPrefix { get; init; } = 64;

    /// <summary>Handshakes of one peer from one prefix, average. Ours: links are lost and made anew, but not ten times a second.</summary>
    internal double PeerPerSecond { get; init; } = 10;

    /// <summary>Handshakes of one peer from one prefix, at once.</summary>
    internal double PeerBurst { get; init; } = 50;

    /// <summary>
    /// Peers remembered by the bucket. Ours: one core does about 3,000 handshakes a second, and a bucket that lost one token is idle again after 0.1 s, so
    /// that strangers with fresh identities keep a few hundred busy.
    /// </summary>
    internal int MaxPeers { get; init; } = 8192;

    /// <summary>The part of all sessions that one prefix may open, 0 to 1.</summary>
    internal double SessionShare { get; init; } = 0.25;

    /// <summary>
    /// Loopback has no limits of its own but the handshakes of its prefix: who can connect from there is on this host, and there is but one prefix for all.
    /// </summary>
    internal bool ExemptsLoopback { get; init; } = true;
}
