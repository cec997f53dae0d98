namespace Crust.Discovery.Lan;

/// <summary>What a packet of LAN discovery says. Values are those of the wire.</summary>
internal enum LanPacketKind : byte
{
    /// <summary>A peer is here, and listens on these ports.</summary>
    Announce = 1,

    /// <summary>Somebody looks for a peer, or for anybody.</summary>
    Query = 2,

    /// <summary>A peer stops.</summary>
    Leave = 3,
}
