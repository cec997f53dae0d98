using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>A host in a site: one address, and sockets by port.</summary>
internal sealed class SimulatedHost
{
    /// <summary>What systems give packets (RFC 1700).</summary>
    internal const int UsualHops = 64;

    private readonly INatSite _site;
    private readonly Dictionary<ushort, Arrival> _sockets = [];
    private ushort _lastPort = 40_000;

    internal SimulatedHost(INatSite site, Bits128 address)
    {
        (_site, Address) = (site, address);
        site.Attach(address, (from, to, bytes) =>
        {
            if (_sockets.TryGetValue(to.Port, out var socket))
                socket(from, to, bytes);
        });
    }

    internal Bits128 Address { get; }

    /// <summary>Binds a socket; the result is its port.</summary>
    internal ushort Bind(Arrival arrived, ushort port = 0)
    {
        if (port == 0)
            port = ++_lastPort;
        _sockets.Add(port, arrived);
        return port;
    }

    internal void Close(ushort port) => _sockets.Remove(port);

    internal void Send(ushort port, TransportAddress to, ReadOnlySpan<byte> bytes, int hops = UsualHops) => _site.Send(new TransportAddress(Address, port), to, bytes, hops == 0 ? UsualHops : hops);
}
