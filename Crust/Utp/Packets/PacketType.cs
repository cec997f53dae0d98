namespace Crust.Utp.Packets;

/// <summary>The type of a packet (BEP 29, <c>type</c>).</summary>
internal enum PacketType : byte
{
    /// <summary>Carries payload.</summary>
    Data = 0,

    /// <summary>The last packet of this direction; takes a sequence number.</summary>
    Fin = 1,

    /// <summary>An acknowledgement alone; takes no sequence number.</summary>
    State = 2,

    /// <summary>Ends the connection at once.</summary>
    Reset = 3,

    /// <summary>Asks for a connection.</summary>
    Syn = 4,
}
