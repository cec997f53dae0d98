using Crust.Nat.HolePunching;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Google.Protobuf;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// Tells the node's gateway what became of attempts to open direct paths, so that operators see what their peers' NATs do. Best effort: without a gateway, or too often, nothing is
/// told and nothing kept. Thread safe.
/// </summary>
internal sealed class AttemptReporter(Func<GatewayAttachment?> attachment, MonotonicClock clock)
{
    private readonly Lock _gate = new();

    /// <summary>Ours: a node that upgrades a session makes a handful of attempts in a minute.</summary>
    private readonly TokenBucket _rate = new(perSecond: 0.5, burst: 10);

    /// <summary>Tells of an attempt. Never waits.</summary>
    internal void Tell(AttemptReport report)
    {
        // One that another took the place of says nothing of the network.
        if (report.Failure is PunchFailure.Busy or PunchFailure.Cancelled || attachment()?.Current is not { } gateway)
            return;
        lock (_gate)
        {
            if (!_rate.TryTake(clock.Now))
                return;
        }

        gateway.Session.Sender.TrySend(GatewayCodec.Protocol, new GatewayEnvelope { PunchReport = ReportCodec.Write(report) }.ToByteArray(), SessionDriver.DefaultPriority);
    }
}
