using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Access;

/// <summary>
/// Networks, asked for an address: one look-up for each prefix length in use, at most 129, however many networks there are. IPv4 lives in its
/// mapped place in IPv6 (RFC 4291 §2.5.5.2), so that both spellings of an address are one. Immutable. Pure.
/// </summary>
internal sealed class NetworkSet
{
    private const int MappedBits = 96;

    private readonly ImmutableDictionary<(int Length, Bits128 Base), IPNetwork> _networks;
    private readonly ImmutableSortedDictionary<int, int> _lengths;

    private NetworkSet(ImmutableDictionary<(int Length, Bits128 Base), IPNetwork> networks, ImmutableSortedDictionary<int, int> lengths)
    {
        _networks = networks;
        _lengths = lengths;
    }

    internal static NetworkSet Empty { get; } =
        new(ImmutableDictionary<(int Length, Bits128 Base), IPNetwork>.Empty, ImmutableSortedDictionary<int, int>.Empty);

    internal IReadOnlyCollection<IPNetwork> Networks => [.. _networks.Values];

    internal NetworkSet Add(IPNetwork network)
    {
        var key = Key(network);
        return _networks.ContainsKey(key) ? this : new NetworkSet(_networks.Add(key, network), _lengths.SetItem(key.Length, _lengths.GetValueOrDefault(key.Length) + 1));
    }

    internal NetworkSet Remove(IPNetwork network)
    {
        var key = Key(network);
        if (!_networks.ContainsKey(key))
            return this;
        var left = _lengths[key.Length] - 1;
        return new NetworkSet(_networks.Remove(key), left == 0 ? _lengths.Remove(key.Length) : _lengths.SetItem(key.Length, left));
    }

    internal bool Contains(IPAddress address)
    {
        if (_networks.IsEmpty)
            return false;
        var value = Value(address);
        foreach (var (length, _) in _lengths)
        {
            if (_networks.ContainsKey((length, value.Prefix(length))))
                return true;
        }

        return false;
    }

    private static (int Length, Bits128 Base) Key(IPNetwork network)
    {
        var length = network.PrefixLength + (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork ? MappedBits : 0);
        return (length, Value(network.BaseAddress).Prefix(length));
    }

    private static Bits128 Value(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[Bits128.Length];
        // Without the scope of a link-local address: it names an interface of ours and not a network.
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return Bits128.Read(bytes);
    }
}
