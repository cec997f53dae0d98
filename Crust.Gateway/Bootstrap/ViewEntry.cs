using Crust.Discovery.Bootstrap;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Bootstrap;

/// <summary>An entry of the bootstrap cache with its record, verified.</summary>
internal sealed record ViewEntry(BootstrapEntry Entry, PeerRecord Record)
{
    /// <summary>Ours: the first is longer than visits of a few minutes, the last short enough that many reach it, so that not the same few are told to all.</summary>
    private static readonly TimeSpan[] Seasons = [TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(40)];

    /// <summary>
    /// How it is sampled: at its first proven address, of IPv4 if there is one; what a stranger reached before what a filter may keep strangers from, and of both the seasoned first: whoever stayed
    /// for long mostly stays longer.
    /// </summary>
    internal SampleCandidate ToCandidate()
    {
        var proven = Record.Addresses.Where((_, i) => (Entry.Proven & 1 << i) != 0).Select(a => DiversityPrefix.Of(a.EndPoint.Address)).OrderBy(p => p.IsIPv6).FirstOrDefault();
        return new SampleCandidate(proven, Entry.Voucher, (Entry.IsIndependent ? 0 : Seasons.Length + 1) + Array.FindAll(Seasons, s => Entry.ProvenFor < s).Length);
    }
}
