using Crust.Discovery.Bootstrap;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Bootstrap;

/// <summary>An entry of the bootstrap cache with its record, verified.</summary>
internal sealed record ViewEntry(BootstrapEntry Entry, PeerRecord Record)
{
    /// <summary>
    /// How it is sampled: at its first proven address, of IPv4 if there is one; what a stranger reached before what a filter may keep strangers from, and of both the seasoned first.
    /// </summary>
    internal SampleCandidate ToCandidate()
    {
        var proven = Record.Addresses.Where((_, i) => (Entry.Proven & 1 << i) != 0).Select(a => DiversityPrefix.Of(a.EndPoint.Address)).OrderBy(p => p.IsIPv6).FirstOrDefault();
        return new SampleCandidate(proven, Entry.Voucher, (Entry.IsIndependent ? 0 : 2) + (Entry.IsSeasoned ? 0 : 1));
    }
}
