namespace Crust.Tests.Interop.Utp;

/// <summary>What tshark says of a datagram.</summary>
/// <param name="IsFromDialler">By its port.</param>
/// <param name="Payload">What UDP carried.</param>
/// <param name="Header">The fields of its µTP header; null: it is none.</param>
/// <param name="Malformed">What it objects to; empty: nothing.</param>
internal sealed record TsharkRow(
    bool IsFromDialler, byte[] Payload, (int Version, int Type, int ConnectionId, int SequenceNumber, int AcknowledgementNumber, uint Window)? Header, string Malformed);
