using System.Numerics;
using Crust.Discovery.Bootstrap;
using Crust.Tests.Older.Contracts;
using Crust.Identity;

namespace Crust.Tests.Older.Grains.Bootstrap;

/// <summary>An entry with what is read out of its record.</summary>
internal sealed record LedgerEntry(BootstrapEntry Entry, PeerRecord Record)
{
    internal PeerId Peer => Record.Peer;

    /// <summary>Where the entry counts: at the first proven address, of IPv4 if there is one, whose blocks cost most.</summary>
    internal DiversityPrefix Prefix { get; } = PrefixOf(Record, Entry.Proven);

    /// <summary>True for entries that go before any other.</summary>
    internal bool IsWeak(DateTimeOffset now) => !Entry.IsSampled(now);

    /// <summary>The set of addresses in terms of another record of the peer: those that it lists as well.</summary>
    internal static ushort Translate(ushort set, PeerRecord from, PeerRecord to)
    {
        var translated = 0;
        for (var i = 0; i < from.Addresses.Count; i++)
        {
            if ((set & 1 << i) == 0)
                continue;
            for (var j = 0; j < to.Addresses.Count; j++)
            {
                if (from.Addresses[i].Transport == to.Addresses[j].Transport && from.Addresses[i].EndPoint.Equals(to.Addresses[j].EndPoint))
                    translated |= 1 << j;
            }
        }

        return (ushort)translated;
    }

    /// <summary>True when each address of the set is one of the record.</summary>
    internal static bool AreOf(PeerRecord record, ushort set) => BitOperations.Log2(set) < record.Addresses.Count;

    private static DiversityPrefix PrefixOf(PeerRecord record, ushort proven)
    {
        var prefixes = Enumerable.Range(0, record.Addresses.Count).Where(i => (proven & 1 << i) != 0).Select(i => DiversityPrefix.Of(record.Addresses[i].EndPoint.Address)).ToList();
        return prefixes.Find(p => !p.IsIPv6) is { Bits: > 0 } v4 ? v4 : prefixes.FirstOrDefault();
    }
}
