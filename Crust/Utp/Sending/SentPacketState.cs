namespace Crust.Utp.Sending;

/// <summary>What we believe about a packet that was sent.</summary>
[Flags]
internal enum SentPacketState : byte
{
    /// <summary>Under way.</summary>
    InFlight = 0,

    /// <summary>It arrived: selectively acknowledged.</summary>
    Delivered = 1,

    /// <summary>Lost, and not sent again yet.</summary>
    Lost = 2,

    /// <summary>The FIN.</summary>
    Fin = 4,

    /// <summary>Stretched to ask for the path MTU.</summary>
    Probe = 8,
}
