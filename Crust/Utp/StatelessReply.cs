using Crust.Primitives;
using Crust.Utp.Packets;

namespace Crust.Utp;

/// <summary>A packet that answers one which belongs to no connection: never longer than what it answers.</summary>
internal readonly record struct StatelessReply(TransportAddress Remote, PacketHeader Header, bool IsMarked);
