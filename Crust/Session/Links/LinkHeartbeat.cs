using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Links;

/// <summary>
/// Knows whether a link carries anything: a PING after each interval of silence, and the round trip from what comes back. Of several PINGs that wait for
/// an answer only the newest is answered, so that a flood of them costs one PONG a record.
/// </summary>
internal sealed class LinkHeartbeat(TimeSpan interval, Instant start)
{
    /// <summary>PING and PONG: type and token u64.</summary>
    internal const int FrameLength = 1 + sizeof(ulong);

    private Instant _lastProbe = start;
    private Instant _sentAt;
    private ulong _token;
    private ulong? _answer;
    private bool _isPingDue;

    internal RttEstimator Rtt { get; } = new();

    internal Instant LastReceived { get; private set; } = start;

    /// <summary>Since when a PING waits for an answer, however many were written since; null when none does.</summary>
    internal Instant? AwaitingSince { get; private set; }

    /// <summary>When the next PING is due.</summary>
    internal Instant Deadline => (_lastProbe > LastReceived ? _lastProbe : LastReceived) + interval;

    internal bool IsDue => _answer is not null || _isPingDue;

    /// <summary>Anything at all arrived.</summary>
    internal void HandleReceived(Instant now) => LastReceived = now;

    internal void HandlePing(ulong token) => _answer = token;

    /// <summary>True when the PONG answers the last PING.</summary>
    internal bool HandlePong(ulong token, Instant now)
    {
        if (AwaitingSince is null || token != _token)
            return false;
        AwaitingSince = null;
        Rtt.Add(now - _sentAt);
        return true;
    }

    internal void HandleTimeout(Instant now)
    {
        if (now < Deadline)
            return;
        _lastProbe = now;
        _isPingDue = true;
    }

    /// <summary>Asks for a PING, unless one is on its way: a link loses nothing, so that one is answered or the link is dead.</summary>
    internal void RequestPing() => _isPingDue |= AwaitingSince is null;

    internal void Write(ref SpanWriter writer, Instant now)
    {
        if (_answer is { } answer && writer.Remaining >= FrameLength)
        {
            WriteFrame(ref writer, FrameType.Pong, answer);
            _answer = null;
        }

        if (!_isPingDue || writer.Remaining < FrameLength)
            return;
        WriteFrame(ref writer, FrameType.Ping, ++_token);
        _isPingDue = false;
        _lastProbe = _sentAt = now;
        AwaitingSince ??= now;
    }

    private static void WriteFrame(ref SpanWriter writer, FrameType type, ulong token)
    {
        writer.WriteByte((byte)type);
        writer.WriteUInt64(token);
    }
}
