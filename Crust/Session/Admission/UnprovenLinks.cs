using System.Net;

namespace Crust.Session.Admission;

/// <summary>
/// The links that have proven nothing yet: a bounded number of places, and a smaller one for each prefix. The newest always gets a place, since an honest
/// peer needs one for a round trip and whoever connects and says nothing shall not keep it out; the oldest makes room, of its own prefix when that has too
/// many, else of the prefix that has most. Pure; one thread at a time.
/// </summary>
internal sealed class UnprovenLinks<TLink>(AdmissionLimits limits) where TLink : class
{
    private readonly LinkedList<Place> _places = [];
    private readonly Dictionary<AddressPrefix, int> _counts = [];

    internal int Count => _places.Count;

    /// <summary>Gives a link its place.</summary>
    /// <param name="link">The newcomer.</param>
    /// <param name="remote">Where it comes from.</param>
    /// <param name="evicted">The link that lost its place to it, for the caller to close; null mostly.</param>
    internal Place Enter(TLink link, IPAddress remote, out TLink? evicted)
    {
        var prefix = AddressPrefix.Of(remote);
        var place = new Place(link, prefix);
        place.Node = _places.AddLast(place);
        var count = _counts[prefix] = _counts.GetValueOrDefault(prefix) + 1;
        var isCrowded = count > limits.MaxUnderWayPerPrefix && !(limits.ExemptsLoopback && prefix.IsLoopback);
        evicted = null;
        if (isCrowded || _places.Count > limits.MaxUnderWay)
        {
            var most = _counts.Values.Max();
            var oldest = _places.First(p => isCrowded ? p.Prefix == prefix : _counts[p.Prefix] == most);
            evicted = oldest.Link;
            TryLeave(oldest);
        }

        return place;
    }

    /// <summary>Gives a place up; false when it was lost to another link.</summary>
    internal bool TryLeave(Place place)
    {
        if (place.Node is not { } node)
            return false;
        place.Node = null;
        _places.Remove(node);
        if (--_counts[place.Prefix] == 0)
            _counts.Remove(place.Prefix);
        return true;
    }

    /// <summary>One link's place.</summary>
    internal sealed class Place(TLink link, AddressPrefix prefix)
    {
        internal TLink Link => link;

        internal AddressPrefix Prefix => prefix;

        /// <summary>Where it stands in the order of arrival; null once it is given up.</summary>
        internal LinkedListNode<Place>? Node { get; set; }
    }
}
