using System.Net;

namespace Crust.Nat.Behavior.Driver;

/// <summary>Runs a <see cref="NatDiscovery"/> over a prober.</summary>
internal static class NatProbing
{
    /// <summary>Makes every probe that the machine names, and gives its report.</summary>
    /// <param name="discovery">The machine.</param>
    /// <param name="prober">What makes probes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="contacted">Told of each address before the node's own socket sends to it.</param>
    internal static async Task<NatProtocolReport> RunAsync(NatDiscovery discovery, INatProber prober, CancellationToken cancellationToken, Action<IPAddress>? contacted = null)
    {
        while (discovery.Next() is { } wave)
        {
            foreach (var probe in wave.Probes.Where(static p => p is { Kind: NatProbeKind.Mapping, Socket: 0 }))
                contacted?.Invoke(probe.Server.ToIPEndPoint().Address);
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
