using Crust.Primitives;

namespace Crust.Udp;

/// <summary>Datagrams of one remote behind one another in the buffer of a <see cref="DatagramBatch"/>, as the kernel joined them (UDP_GRO).</summary>
/// <param name="Offset">Where they begin.</param>
/// <param name="Length">Bytes of all of them.</param>
/// <param name="SegmentLength">Bytes of each, ≥ 1; the last one may be shorter.</param>
/// <param name="Remote">Who sent them.</param>
internal readonly record struct ReceivedDatagrams(int Offset, int Length, int SegmentLength, TransportAddress Remote);
