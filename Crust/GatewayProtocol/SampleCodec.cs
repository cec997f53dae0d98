using Crust.Identity;

namespace Crust.GatewayProtocol;

/// <summary>What a node believes of a sample of the bootstrap cache: records that their peers signed, and addresses that may be dialled. Pure.</summary>
internal static class SampleCodec
{
    /// <summary>The peers of a sample, each at those of its addresses that dial-backs reached.</summary>
    /// <param name="sample">What the gateway said.</param>
    /// <param name="network">The network of the records.</param>
    /// <param name="mayContact">Whether an address may be dialled.</param>
    /// <param name="now">Records that are not current are left out.</param>
    internal static IReadOnlyList<IReadOnlyList<PeerAddress>> Peers(SampleResponse sample, NetworkId network, Func<PeerAddress, bool> mayContact, DateTimeOffset now)
    {
        var peers = new List<IReadOnlyList<PeerAddress>>();
        foreach (var sampled in sample.Peers.Take(GatewayCodec.MaxSampledPeers))
        {
            if (!PeerRecord.TryVerify(sampled.Record.Span, network, out var record) || !record!.IsCurrent(now))
                continue;
            var proven = record.Addresses.Where((address, i) => (sampled.Proven & 1u << i) != 0 && mayContact(address)).ToList();
            if (proven.Count > 0)
                peers.Add(proven);
        }

        return peers;
    }

    /// <summary>The gateways that texts name, each at its addresses. Texts that are no address, and addresses that may not be dialled, are skipped.</summary>
    internal static IReadOnlyList<IReadOnlyList<PeerAddress>> Gateways(IEnumerable<string> texts, Func<PeerAddress, bool> mayContact)
    {
        var addresses = new List<PeerAddress>();
        foreach (var text in texts.Take(GatewayCodec.MaxGateways))
        {
            if (PeerAddress.TryParse(text, out var address) && mayContact(address))
                addresses.Add(address);
        }

        return [.. addresses.GroupBy(a => a.Peer).Select(g => g.ToArray())];
    }
}
