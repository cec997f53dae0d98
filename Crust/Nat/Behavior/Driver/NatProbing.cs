namespace Crust.Nat.Behavior.Driver;

/// <summary>Runs a <see cref="NatDiscovery"/> over a prober.</summary>
internal static class NatProbing
{
    /// <summary>Makes every probe that the machine names, and gives its report.</summary>
    internal static async Task<NatProtocolReport> RunAsync(NatDiscovery discovery, INatProber prober, CancellationToken cancellationToken)
    {
        while (discovery.Next() is { } wave)
        {
            if (wave.InOrder)
            {
                foreach (var probe in wave.Probes)
                    discovery.Handle(probe, await prober.ProbeAsync(probe, cancellationToken).ConfigureAwait(false));
                continue;
            }

            var results = await Task.WhenAll(wave.Probes.Select(probe => prober.ProbeAsync(probe, cancellationToken))).ConfigureAwait(false);
            foreach (var (probe, result) in wave.Probes.Zip(results))
                discovery.Handle(probe, result);
        }

        return discovery.Report();
    }
}
