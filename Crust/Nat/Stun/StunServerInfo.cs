using System.Net;

namespace Crust.Nat.Stun;

/// <summary>Where a gateway answers STUN besides the address that it is known by: what it tells a peer that asks how it is seen.</summary>
/// <param name="UdpPort">UDP port that µTP uses; 0: it has none.</param>
/// <param name="OtherUdpPort">A second UDP port, of the same addresses; 0: none.</param>
/// <param name="TcpPort">TCP port that peers connect to; 0: none.</param>
/// <param name="OtherTcpPort">A second TCP port; 0: none.</param>
/// <param name="Alternate">A second address with the same ports; null: none.</param>
internal sealed record StunServerInfo(ushort UdpPort, ushort OtherUdpPort, ushort TcpPort, ushort OtherTcpPort, IPAddress? Alternate);
