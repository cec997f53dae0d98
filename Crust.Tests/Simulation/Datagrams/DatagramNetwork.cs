using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// Hosts with addresses, and the ways between them, in one <see cref="World"/>: all datagrams of it. An address without a host, and a pair of addresses
/// without a way, swallow what is sent to them.
/// </summary>
internal sealed class DatagramNetwork(World world)
{
    private readonly Dictionary<TransportAddress, IDatagramReceiver> _receivers = [];
    private readonly Dictionary<(TransportAddress From, TransportAddress To), DatagramWay> _ways = [];
    private readonly Dictionary<Bits128, Action<Datagram>> _hosts = [];
    private readonly Dictionary<(Bits128 From, Bits128 To), DatagramWay> _hostWays = [];
    private readonly Stack<Datagram> _pool = new();
    private ushort _lastHost;

    internal World World => world;

    /// <summary>Told when a datagram was corrupted and the checksum is as before. Without anybody to be told such ones are dropped: µTP alone cannot notice.</summary>
    internal Action? PassedUnnoticed { get; set; }

    /// <summary>An address that nobody has or had: 10.0.x.y.</summary>
    internal TransportAddress NextAddress(ushort port = 40_000)
    {
        _lastHost++;
        return new TransportAddress(new UInt128(0, 0x0000_FFFF_0A00_0000) | _lastHost, port);
    }

    internal void Attach(TransportAddress address, IDatagramReceiver receiver) => _receivers.Add(address, receiver);

    internal void Detach(TransportAddress address) => _receivers.Remove(address);

    /// <summary>All ports of an IP address that nobody else has. The datagram is lent for the call.</summary>
    internal void AttachHost(Bits128 address, Action<Datagram> arrived) => _hosts.Add(address, arrived);

    /// <summary>What goes from one IP address to another goes this way, unless a pair of ports has its own.</summary>
    internal void RouteHost(Bits128 from, Bits128 to, DatagramWay way) => _hostWays[(from, to)] = way;

    /// <summary>What goes from one address to another goes this way.</summary>
    internal void Route(TransportAddress from, TransportAddress to, DatagramWay way) => _ways[(from, to)] = way;

    /// <summary>Makes a way; it carries nothing until it is routed over.</summary>
    internal DatagramWay NewWay(DatagramProfile profile) => new(this, profile);

    internal void Send(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes, int headers = DatagramProfile.Headers)
    {
        if (!_ways.TryGetValue((from, to), out var way) && !_hostWays.TryGetValue((from.Address, to.Address), out way))
            return;
        var datagram = Rent();
        (datagram.From, datagram.To) = (from, to);
        datagram.Set(bytes);
        datagram.WireLength = bytes.Length + headers;
        way.Send(datagram);
    }

    /// <summary>Somebody off the path sends in another's name, from nearby: it arrives now.</summary>
    internal void Inject(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes)
    {
        if (_receivers.TryGetValue(to, out var receiver))
            receiver.Arrived(bytes, from);
    }

    internal Datagram Copy(Datagram original)
    {
        var copy = Rent();
        (copy.From, copy.To, copy.WireLength) = (original.From, original.To, original.WireLength);
        copy.Set(original.Bytes);
        return copy;
    }

    internal void Return(Datagram datagram) => _pool.Push(datagram);

    internal void Deliver(Datagram ownedDatagram)
    {
        if (_receivers.TryGetValue(ownedDatagram.To, out var receiver))
            receiver.Arrived(ownedDatagram.Bytes, ownedDatagram.From);
        else if (_hosts.TryGetValue(ownedDatagram.To.Address, out var arrived))
            arrived(ownedDatagram);
        Return(ownedDatagram);
    }

    private Datagram Rent() => _pool.TryPop(out var datagram) ? datagram : new Datagram();
}
