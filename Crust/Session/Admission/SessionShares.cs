using System.Net;

namespace Crust.Session.Admission;

/// <summary>
/// How many of a node's sessions each prefix has opened, so that none can have them all. Counts sessions that others began and handshakes that may become one;
/// those of ours are our own choice. As many entries as sessions at most. Pure; one thread at a time.
/// </summary>
internal sealed class SessionShares(AdmissionLimits limits, int maxSessions)
{
    private readonly Dictionary<AddressPrefix, int> _counts = [];

    /// <summary>The most that one prefix may have: its share, and never less than one.</summary>
    internal int Most { get; } = Math.Max(1, (int)Math.Min(maxSessions, limits.SessionShare * maxSessions));

    /// <summary>Sessions refused so far.</summary>
    internal long Refused { get; private set; }

    /// <summary>Prefixes that have a session.</summary>
    internal int Prefixes => _counts.Count;

    /// <summary>
    /// Takes a place of the prefix, to be given back by <see cref="Return"/>. A peer that has a session already is let in all the same: its link joins that one
    /// or replaces it.
    /// </summary>
    internal bool TryTake(IPAddress remote, bool hasSession, out AddressPrefix prefix)
    {
        prefix = AddressPrefix.Of(remote);
        var count = _counts.GetValueOrDefault(prefix);
        if (count >= Most && !hasSession && !(limits.ExemptsLoopback && prefix.IsLoopback))
        {
            Refused++;
            return false;
        }

        _counts[prefix] = count + 1;
        return true;
    }

    internal void Return(AddressPrefix prefix)
    {
        if (--_counts[prefix] == 0)
            _counts.Remove(prefix);
    }
}
