using System.Diagnostics.Metrics;
using Crust.GatewayProtocol;
using Crust.Nat.HolePunching;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Server;

/// <summary>
/// What attached peers tell of their attempts to open direct paths, as metrics of meter "Crust" and in the log at level Debug. Peers may say what they like: it is counted, and nothing
/// follows from it. Tags have few values, none of them a peer's. Thread safe.
/// </summary>
internal sealed class AttemptMetrics : IDisposable
{
    /// <summary>The counter of attempts, by protocol, both NATs, strategy and outcome.</summary>
    internal const string AttemptsName = "crust.punch.attempts";

    /// <summary>The histogram of how long successful ones took, in seconds.</summary>
    internal const string DurationName = "crust.punch.duration";

    private readonly Meter _meter = new("Crust");
    private readonly Counter<long> _attempts;
    private readonly Counter<long> _malformed;
    private readonly Histogram<double> _duration;
    private readonly ILogger _logger;

    internal AttemptMetrics(ILogger logger)
    {
        _logger = logger;
        _attempts = _meter.CreateCounter<long>(AttemptsName, "{attempt}", "Attempts to open a direct path, as the peers tell that made them; each side tells once.");
        _malformed = _meter.CreateCounter<long>("crust.punch.reports.malformed", "{report}", "Reports that were out of bounds.");
        _duration = _meter.CreateHistogram<double>(DurationName, "s", "From the beginning of an attempt until its link stood.");
    }

    /// <summary>This instance's meter: a process may have several.</summary>
    internal Meter Meter => _meter;

    /// <summary>Counts a report; one out of bounds is counted as such.</summary>
    internal void Take(PunchReport told)
    {
        if (!ReportCodec.TryRead(told, out var report))
        {
            _malformed.Add(1);
            return;
        }

        KeyValuePair<string, object?> protocol = new("crust.protocol", report.IsTcp ? "tcp" : "udp"), local = new("crust.nat.local", Name(report.LocalPorts, report.LocalFiltersPorts)),
            remote = new("crust.nat.remote", Name(report.RemotePorts, report.RemoteFiltersPorts));
        _attempts.Add(
            1, protocol, local, remote, new("crust.strategy", NameOf(report.Strategy)), new("crust.outcome", report.Failure == PunchFailure.None ? "linked" : NameOf(report.Failure)));
        if (report.Linked is { } linked)
            _duration.Record(linked.TotalSeconds, protocol, local, remote);
        ServerLog.AttemptReported(_logger, report);
    }

    public void Dispose() => _meter.Dispose();

    private static string Name(PortPredictability ports, bool filtersPorts) => filtersPorts ? NameOf(ports) : $"{NameOf(ports)}-lax";

    private static string NameOf<T>(T value) where T : struct, Enum => new([.. $"{value}".SelectMany(static (c, i) => char.IsUpper(c) && i > 0 ? new[] { '-', char.ToLowerInvariant(c) } : [char.ToLowerInvariant(c)])]);
}
