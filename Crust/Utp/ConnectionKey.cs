using Crust.Primitives;

namespace Crust.Utp;

/// <summary>What tells the connections of one socket apart.</summary>
/// <param name="Remote">The other side.</param>
/// <param name="ReceiveId">The connection id in what it sends.</param>
internal readonly record struct ConnectionKey(TransportAddress Remote, ushort ReceiveId);
