namespace Crust.Tests.Interop.Utp;

/// <summary>A datagram that came to a proxy.</summary>
/// <param name="Microseconds">Since the proxy's start.</param>
/// <param name="IsFromDialler">Which way it goes.</param>
/// <param name="Payload">What UDP carried.</param>
internal sealed record ProxiedDatagram(long Microseconds, bool IsFromDialler, byte[] Payload)
{
    // The header of BEP 29, read here once more and apart from the library's: these are what tests judge it by.

    internal int Type => Payload[0] >> 4;

    internal int Version => Payload[0] & 15;

    internal int FirstExtension => Payload[1];

    internal int ConnectionId => Payload[2] << 8 | Payload[3];

    internal uint Window => (uint)(Payload[12] << 24 | Payload[13] << 16 | Payload[14] << 8 | Payload[15]);

    internal int SequenceNumber => Payload[16] << 8 | Payload[17];

    internal int AcknowledgementNumber => Payload[18] << 8 | Payload[19];

    internal const int Data = 0, Fin = 1, State = 2, Reset = 3, Syn = 4;
}
