using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>The end points of a STUN server. One that listens on a wildcard does not know its address, and tells none. Filled before the first request.</summary>
internal sealed class StunPlaces
{
    private readonly TransportAddress?[] _addresses = new TransportAddress?[(int)StunPlace.OtherBoth + 1];
    private int _there;

    /// <summary>Whether the server has a socket there.</summary>
    internal bool Has(StunPlace place) => (_there & (1 << (int)place)) != 0;

    /// <summary>Where that is; null when it is not known, or not there.</summary>
    internal TransportAddress? AddressOf(StunPlace place) => _addresses[(int)place];

    /// <summary>Adds a place; its address is null when the socket is bound to every one.</summary>
    internal void Add(StunPlace place, TransportAddress? address)
    {
        _there |= 1 << (int)place;
        _addresses[(int)place] = address;
    }
}
