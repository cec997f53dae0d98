using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>A network that hosts stand in: the internet, or what is behind a NAT.</summary>
internal interface INatSite
{
    /// <summary>Gives a host an address; it takes what comes to it.</summary>
    void Attach(Bits128 address, Arrival arrived);

    /// <summary>A host sends.</summary>
    /// <param name="from">Its address.</param>
    /// <param name="to">Where to.</param>
    /// <param name="bytes">What; lent for the call.</param>
    /// <param name="hops">Routers that it may still pass, the last one not counted.</param>
    void Send(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes, int hops);
}

/// <summary>A datagram arrived; the bytes are lent for the call.</summary>
internal delegate void Arrival(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes);
