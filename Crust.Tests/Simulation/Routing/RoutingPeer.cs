using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Routing;

/// <summary>A node of <see cref="RoutingWorld"/>: the product's table, and whether it runs.</summary>
internal sealed class RoutingPeer
{
    internal RoutingPeer(PeerId id, IPAddress address, bool isHostile, DeterministicRandom random)
    {
        (Address, IsHostile) = (address, isHostile);
        Table = new RoutingTable(id, random);
        Renew(id, 1);
    }

    /// <summary>What it says of itself. The world's records are not signed: no part under test looks at signatures, which are verified where records come in.</summary>
    internal KnownPeer Known { get; private set; } = null!;

    internal PeerId Id => Known.Id;

    internal IPAddress Address { get; private set; }

    /// <summary>Knows only its accomplices, and tells of them alone.</summary>
    internal bool IsHostile { get; }

    internal RoutingTable Table { get; }

    internal bool IsUp { get; set; } = true;

    /// <summary>Grows each time it comes back: what a process before it wanted is not done.</summary>
    internal int Life { get; set; }

    internal Instant Since { get; set; }

    /// <summary>Comes back elsewhere, with a newer record.</summary>
    internal void Move(IPAddress address)
    {
        Address = address;
        Renew(Id, Known.Record.Sequence + 1);
    }

    private void Renew(PeerId id, ulong sequence) => Known = KnownPeer.FromVerified(
        new PeerRecord(id, sequence, RoutingWorld.Noon + TimeSpan.FromHours(20), 0, [new PeerAddress(TransportKind.Utp, new IPEndPoint(Address, 4000), id)]), []);
}
