namespace Crust.Utp.Sending;

/// <summary>The packet that goes next.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Offset">Where its payload begins in the stream.</param>
/// <param name="PayloadLength">Bytes of its payload.</param>
/// <param name="IsFin">It is the FIN.</param>
/// <param name="IsResent">It was sent before.</param>
/// <param name="ProbeLength">The length it is stretched to, to ask for the path MTU; else 0.</param>
internal readonly record struct NextPacket(long Number, long Offset, int PayloadLength, bool IsFin, bool IsResent, int ProbeLength);
