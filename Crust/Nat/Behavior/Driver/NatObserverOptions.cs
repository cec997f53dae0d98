using System.Net;
using System.Net.Sockets;
using Crust.Nat.Stun.Driver;
using Crust.Udp;

namespace Crust.Nat.Behavior.Driver;

/// <summary>What looking at NATs needs to know.</summary>
/// <param name="Udp">The socket that carries µTP; null: there is none.</param>
/// <param name="BindUdp">Makes UDP sockets.</param>
/// <param name="Tcp">Where TCP listens; null: nowhere.</param>
/// <param name="Servers">Whom to ask: by TCP or not, over which family.</param>
/// <param name="Contacted">Told of each address before the port that listens sends to it; null: nobody is.</param>
internal sealed record NatObserverOptions(
    Func<StunDispatcher?> Udp, Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket> BindUdp, IPEndPoint? Tcp, Func<bool, AddressFamily, IReadOnlyList<NatServer>> Servers,
    Action<IPAddress>? Contacted = null);
