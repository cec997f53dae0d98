using Crust.Primitives;

namespace Crust.GatewayProtocol;

/// <summary>
/// Decides when a gateway that was asked for a sign of life is taken for gone: nothing at all came from it for <c>max(1 s, 4 SRTT)</c>. A sign of life is not the answer: a gateway may wait 5 s for the
/// cluster, but its session answers a PING at once. Pure.
/// </summary>
/// <param name="asked">When it was first asked.</param>
internal sealed class GatewaySilence(Instant asked)
{
    /// <summary>Shortest patience. As <c>StallDetector</c>'s for links: RFC 6298 §2.4 has the same least time-out.</summary>
    internal static readonly TimeSpan MinPatience = TimeSpan.FromSeconds(1);

    /// <summary>Patience while the round trip is unknown (RFC 6298 §5.7).</summary>
    internal static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(3);

    /// <summary>Longest patience. Ours: as long as a request waits for its answer; a path with longer round trips is of no use for either.</summary>
    internal static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(8);

    private const int RoundTrips = 4;

    private Instant _asked = asked;

    /// <summary>When to look, given the round trip as known.</summary>
    internal Instant Deadline(TimeSpan? smoothedRtt) => _asked + Patience(smoothedRtt);

    /// <summary>How things stand.</summary>
    /// <param name="now">Now.</param>
    /// <param name="lastHeard">When anything last came from the gateway.</param>
    /// <param name="smoothedRtt">The round trip of the session with it; null when unknown.</param>
    internal SilenceVerdict Handle(Instant now, Instant lastHeard, TimeSpan? smoothedRtt)
    {
        var patience = Patience(smoothedRtt);
        var due = _asked + patience;
        if (now < due)
            return SilenceVerdict.Wait;
        // Who looks so late was held up itself, by a busy machine or its sleep: what the gateway said may still wait to be read.
        if (lastHeard < _asked && now - due <= patience / 2)
            return SilenceVerdict.Silent;
        _asked = now;
        return SilenceVerdict.AskAgain;
    }

    private static TimeSpan Patience(TimeSpan? smoothedRtt)
    {
        var patience = smoothedRtt * RoundTrips ?? FirstPatience;
        return patience < MinPatience ? MinPatience : patience > MaxPatience ? MaxPatience : patience;
    }
}
