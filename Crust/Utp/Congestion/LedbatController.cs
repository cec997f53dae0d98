namespace Crust.Utp.Congestion;

/// <summary>
/// The congestion window by LEDBAT++ (draft-irtf-iccrg-ledbat-plus-plus).
/// </summary>
internal sealed class LedbatController
{
    /// <summary>The design's and LEDBAT++'s target of queueing delay.</summary>
    internal const int TargetMicroseconds = 60_000;

    internal const int MinWindowPackets = 2;

    private const int InitialWindowPackets = 10;

    private double _window;
    private double _slowStartThreshold = double.MaxValue;

    /// <summary>Bytes that may be in flight.</summary>
    internal int WindowBytes => (int)_window;

    internal bool IsSlowStart => _window < _slowStartThreshold;

    internal void Begin(int packetLength) => _window = InitialWindowPackets * packetLength;

    internal void Acknowledged(int bytes, int queueingDelay, int packetLength, bool isLimited)
    {
        if (!isLimited)
            return;
        if (IsSlowStart)
        {
            if (queueingDelay > TargetMicroseconds * 3 / 4)
                _slowStartThreshold = _window;
            else
                _window += bytes;
        }
        else
        {
            var offTarget = (TargetMicroseconds - queueingDelay) / (double)TargetMicroseconds;
            _window += Math.Clamp(offTarget, -1, 1) * packetLength * bytes / _window;
        }

        _window = Math.Clamp(_window, MinWindowPackets * packetLength, 1 << 30);
    }

    internal void Congested(int packetLength)
    {
        _window = Math.Max(MinWindowPackets * packetLength, _window / 2);
        _slowStartThreshold = _window;
    }

    internal void TimedOut(int packetLength)
    {
        _slowStartThreshold = Math.Max(MinWindowPackets * packetLength, _window / 2);
        _window = MinWindowPackets * packetLength;
    }
}
