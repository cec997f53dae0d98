namespace Crust.Utp.Packets;

/// <summary>Kinds of extensions. Other kinds are skipped.</summary>
internal static class ExtensionKind
{
    /// <summary>The chain is over.</summary>
    internal const byte None = 0;

    /// <summary>BEP 29: which packets after the next one have come.</summary>
    internal const byte SelectiveAck = 1;

    /// <summary>
    /// Eight bytes that libutp reads and does not use. Ours hold <see cref="PeerMark"/>. libutp drops a packet whose first extension is a kind above this
    /// one, so it also stands in front of ours (<see cref="KnownExtensions"/>).
    /// </summary>
    internal const byte Bits = 2;

    /// <summary>Ours: filler, which makes a packet as long as the path MTU that it asks for. Lost with the packet, its payload was not stretched.</summary>
    internal const byte Padding = 0x50;

    /// <summary>Ours: the datagram carries a part of its packet (<see cref="PacketPart"/>).</summary>
    internal const byte Part = 0x51;
}
