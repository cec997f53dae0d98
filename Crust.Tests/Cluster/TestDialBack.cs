using Crust.Dialing;
using Crust.Gateway.Cluster;
using Crust.Gateway.Server;
using Crust.Primitives.Driver;

namespace Crust.Tests.Cluster;

/// <summary>A gateway's dial-backs that send nothing: what is asked is judged as ever.</summary>
internal static class TestDialBack
{
    internal static DialBackService ThatReachesNobody(CrustNode gateway, ClusterLink cluster) => new(
        (_, _, _) => Task.FromResult(ProofOutcome.NoAnswer), gateway.Id, new DialBackPolicy([], () => [], onLoopback: true), cluster, () => [], new MonotonicClock(TimeProvider.System));
}
