using Crust.Session.Admission;

namespace Crust;

/// <summary>
/// Bounds on what others may begin at a node. They count by address prefix, a /24 (IPv4) or /56 (IPv6): the smallest block that one customer is usually given. All tables behind them are
/// bounded and forget nobody who is being held back.
/// </summary>
public sealed class AdmissionOptions
{
    private static readonly AdmissionLimits Defaults = new();

    /// <summary>Links that one prefix may open in a second, on average. More are closed before anything is read. Default 100.</summary>
    public double HandshakesPerSecond { get; set; } = Defaults.PerSecond;

    /// <summary>Links that one prefix may open at once: a lab behind one address starts many peers together. Default 500.</summary>
    public double HandshakeBurst { get; set; } = Defaults.Burst;

    /// <summary>Handshakes of one peer from one prefix in a second, on average. More are not answered. Default 10.</summary>
    public double PeerHandshakesPerSecond { get; set; } = Defaults.PeerPerSecond;

    /// <summary>Handshakes of one peer from one prefix at once. Default 50.</summary>
    public double PeerHandshakeBurst { get; set; } = Defaults.PeerBurst;

    /// <summary>Links that have proven nothing yet, in all. Beyond, the oldest of the prefix that has most makes room. Default 256.</summary>
    public int MaxUnproven { get; set; } = Defaults.MaxUnderWay;

    /// <summary>Of these, links of one prefix; its oldest makes room. Default 64.</summary>
    public int MaxUnprovenPerPrefix { get; set; } = Defaults.MaxUnderWayPerPrefix;

    /// <summary>The part of <see cref="CrustNodeOptions.MaxSessions"/> that one prefix may open, above 0 to 1. Default 0.25, so that it takes four to fill a node.</summary>
    public double SessionShare { get; set; } = Defaults.SessionShare;

    /// <summary>
    /// Default true: peers on this host are held to <see cref="HandshakesPerSecond"/> alone. Set it to false behind a proxy on the same host, which makes all peers come from loopback, and
    /// raise the limits instead.
    /// </summary>
    public bool ExemptLoopback { get; set; } = Defaults.ExemptsLoopback;

    internal AdmissionLimits ToLimits()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(HandshakesPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandshakeBurst, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(PeerHandshakesPerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(PeerHandshakeBurst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnproven, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnprovenPerPrefix, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(SessionShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(SessionShare, 1);
        return new AdmissionLimits(HandshakesPerSecond, HandshakeBurst, MaxUnproven)
        {
            PeerPerSecond = PeerHandshakesPerSecond,
            PeerBurst = PeerHandshakeBurst,
            MaxUnderWayPerPrefix = MaxUnprovenPerPrefix,
            SessionShare = SessionShare,
            ExemptsLoopback = ExemptLoopback,
        };
    }
}
