using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;

namespace Crust.Tests.Simulation.Nat;

/// <summary>Where public addresses are: a <see cref="DatagramNetwork"/> with a way between each two of them, one router between.</summary>
internal sealed class SimulatedInternet(World world, Func<DatagramProfile> profile) : INatSite
{
    private readonly DatagramNetwork _network = new(world);
    private readonly HashSet<Bits128> _addresses = [];

    internal World World => world;

    /// <summary>Datagrams that were sent to each address.</summary>
    internal Dictionary<Bits128, long> SentTo { get; } = [];

    /// <inheritdoc/>
    public void Attach(Bits128 address, Arrival arrived)
    {
        foreach (var other in _addresses)
        {
            _network.RouteHost(address, other, _network.NewWay(profile()));
            _network.RouteHost(other, address, _network.NewWay(profile()));
        }

        _addresses.Add(address);
        _network.RouteHost(address, address, _network.NewWay(new DatagramProfile()));
        _network.AttachHost(address, datagram => arrived(datagram.From, datagram.To, datagram.Bytes));
    }

    /// <inheritdoc/>
    public void Send(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes, int hops)
    {
        if (hops <= 1)
            return;
        SentTo[to.Address] = SentTo.GetValueOrDefault(to.Address) + 1;
        _network.Send(from, to, bytes);
    }
}
