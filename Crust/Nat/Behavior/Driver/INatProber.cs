namespace Crust.Nat.Behavior.Driver;

/// <summary>Makes the probes of one protocol over one address family. Several at once.</summary>
internal interface INatProber : IDisposable
{
    /// <summary>Makes a probe. Ends within a few seconds; what fails is an outcome.</summary>
    Task<NatProbeResult> ProbeAsync(NatProbe probe, CancellationToken cancellationToken);
}
