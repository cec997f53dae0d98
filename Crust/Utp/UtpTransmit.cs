using Crust.Primitives;

namespace Crust.Utp;

/// <summary>Datagrams that are to be sent: they lie behind one another in the caller's buffer, or its list, all for one remote.</summary>
/// <param name="Remote">Whom they go to.</param>
/// <param name="Length">Bytes of all of them, ≥ 1.</param>
/// <param name="SegmentLength">Bytes of each; the last one may be shorter.</param>
/// <param name="IsProbe">A single datagram that asks for the path MTU: it must not be fragmented, and may well be lost.</param>
/// <param name="IsGathered">They are in the caller's list instead of its buffer.</param>
/// <param name="Connection">Whose they are; null for an answer that needs no connection.</param>
internal readonly record struct UtpTransmit(TransportAddress Remote, int Length, int SegmentLength, bool IsProbe, bool IsGathered, UtpConnection? Connection);
