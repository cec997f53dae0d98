using Crust.Primitives;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// Knows whether the remote is there: a PING after each interval of silence, the end after a longer one, and the round trip from what comes back. Of
/// several PINGs that wait for an answer only the newest is answered, so that a flood of them costs one PONG a record.
/// </summary>
internal sealed class Heartbeat(SessionLimits limits, Instant start)
{
    /// <summary>PING and PONG: type and token u64.</summary>
    internal const int FrameLength = 1 + sizeof(ulong);

    private Instant _lastReceived = start;
    private Instant _lastProbe = start;
    private Instant? _sentAt;
    private ulong _token;
    private ulong? _answer;
    private bool _isPingDue;

    internal RttEstimator Rtt { get; } = new();

    /// <summary>The next PING, or the end.</summary>
    internal Instant Deadline
    {
        get
        {
            var end = _lastReceived + limits.IdleTimeout;
            var ping = NextPing;
            return ping < end ? ping : end;
        }
    }

    private Instant NextPing => (_lastProbe > _lastReceived ? _lastProbe : _lastReceived) + limits.HeartbeatInterval;

    /// <summary>Anything at all arrived.</summary>
    internal void HandleReceived(Instant now) => _lastReceived = now;

    internal void HandlePing(ulong token) => _answer = token;

    internal void HandlePong(ulong token, Instant now)
    {
        if (_sentAt is not { } sentAt || token != _token)
            return;
        _sentAt = null;
        Rtt.Add(now - sentAt);
    }

    /// <summary>True when the silence lasted too long.</summary>
    internal bool HandleTimeout(Instant now)
    {
        if (now >= _lastReceived + limits.IdleTimeout)
            return true;
        if (now >= NextPing)
        {
            _lastProbe = now;
            _isPingDue = true;
        }

        return false;
    }

    /// <summary>A link that stands is a sign of life, and another path.</summary>
    internal void HandleLinkChanged(Instant now)
    {
        _lastReceived = now;
        _sentAt = null;
        _answer = null;
        Rtt.Reset();
    }

    internal void RequestPing() => _isPingDue = true;

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
        _lastProbe = now;
        _sentAt = now;
    }

    private static void WriteFrame(ref SpanWriter writer, FrameType type, ulong token)
    {
        writer.WriteByte((byte)type);
        writer.WriteUInt64(token);
    }
}
