namespace Crust.Utp.Sending;

/// <summary>
/// Spreads a window over its round trip: a token bucket of bytes, as deep as one train may be: what a millisecond brings, and at least two packets, or one where two of them take long: the queue of so slow a
/// path may have no room for a second one.
/// Time in microseconds.
/// </summary>
internal struct Pacer
{
    /// <summary>The design's: the longest train, in time.</summary>
    private const long MaxTrainMicroseconds = 1_000;

    /// <summary>Ours: a train that is worth a call, in time, when nothing else wakes the sender.</summary>
    private const long UsefulTrainMicroseconds = 250;

    /// <summary>Two packets are acknowledged at once, a lone one after 10 ms (<see cref="Receiving.ReceivingHalf"/>): where the pace lets them go further apart than that, each goes alone.</summary>
    private const int PairPackets = 2, PairMicroseconds = 10_000;

    private double _tokens;
    private long _lastMicroseconds;

    /// <summary>Bytes that may go now. A negative balance is debt: trains are whole packets.</summary>
    internal int Available(double bytesPerMicrosecond, int packetLength, long nowMicroseconds)
    {
        var depth = Math.Max(bytesPerMicrosecond * MaxTrainMicroseconds, MinTrainLength(bytesPerMicrosecond, packetLength));
        _tokens = Math.Min(depth, _tokens + ((nowMicroseconds - _lastMicroseconds) * bytesPerMicrosecond));
        _lastMicroseconds = nowMicroseconds;
        return (int)Math.Clamp(_tokens, int.MinValue, int.MaxValue);
    }

    internal void Consume(int bytes) => _tokens -= bytes;

    /// <summary>When a useful train may go, after <see cref="Available"/> said that none may.</summary>
    internal readonly long NextMicroseconds(double bytesPerMicrosecond, int packetLength)
    {
        var useful = Math.Max(bytesPerMicrosecond * UsefulTrainMicroseconds, MinTrainLength(bytesPerMicrosecond, packetLength));
        return _lastMicroseconds + Math.Max(1, (long)Math.Ceiling((useful - _tokens) / bytesPerMicrosecond));
    }

    private static int MinTrainLength(double bytesPerMicrosecond, int packetLength) =>
        packetLength > bytesPerMicrosecond * PairMicroseconds ? packetLength : PairPackets * packetLength;
}
