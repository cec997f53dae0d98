using Crust.Identity;

namespace Crust.Discovery.Lan;

/// <summary>A port that a peer listens on.</summary>
/// <param name="Transport">The transport; values of later versions are passed on and not dialled.</param>
/// <param name="Port">1 to 65535.</param>
internal readonly record struct LanPort(TransportKind Transport, ushort Port);
