using System.Buffers;
using System.Globalization;
using System.Text;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// Reads one HTTP/1.x response (RFC 9112) as its bytes come: status, and a body by Content-Length, in chunks, or to the end of the connection. Everything is
/// bounded, whatever the server sends: the head, the body, and what chunks cost besides. Pure; one thread at a time.
/// </summary>
internal sealed class HttpResponseReader
{
    /// <summary>Longest head, and longest trailer. Ours: routers write some 300 bytes.</summary>
    internal const int MaxHeadLength = 8 * 1024;

    /// <summary>Longest body. Ours: large descriptions have 40 KiB.</summary>
    internal const int MaxBodyLength = 128 * 1024;

    /// <summary>Bytes received in all: a body in tiny chunks costs several times its length.</summary>
    internal const int MaxLength = 2 * MaxBodyLength;

    private const int MaxChunkLine = 64;

    private readonly List<byte> _line = [];
    private readonly ArrayBufferWriter<byte> _body = new();
    private State _state = State.Status;
    private int _received, _headLength, _status;
    private long _left = -1;
    private bool _isChunked;

    private enum State
    {
        Status,
        Headers,
        Body,
        UntilEnd,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
        Done,
        Failed,
    }

    /// <summary>The response, once it is whole.</summary>
    internal HttpResponse? Response => _state == State.Done ? new HttpResponse(_status, _body.WrittenSpan.ToArray()) : null;

    /// <summary>True when nothing more is wanted: it is whole, or not worth reading on.</summary>
    internal bool IsOver => _state is State.Done or State.Failed;

    /// <summary>Takes the next bytes.</summary>
    internal void Handle(ReadOnlySpan<byte> bytes)
    {
        _received += bytes.Length;
        if (_received > MaxLength)
            _state = State.Failed;
        while (bytes.Length > 0 && !IsOver)
            bytes = bytes[Take(bytes)..];
    }

    /// <summary>The server closed the connection.</summary>
    internal void HandleEnd()
    {
        if (!IsOver)
            _state = _state == State.UntilEnd ? State.Done : State.Failed;
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        if (_state is State.Body or State.UntilEnd or State.Chunk)
            return TakeBody(bytes);
        var end = bytes.IndexOf((byte)'\n');
        var taken = end < 0 ? bytes.Length : end + 1;
        var limit = _state is State.ChunkSize or State.ChunkEnd ? MaxChunkLine : MaxHeadLength;
        if (_line.Count + taken > limit)
        {
            _state = State.Failed;
            return taken;
        }

        _line.AddRange(bytes[..taken]);
        if (end < 0)
            return taken;
        var line = Encoding.Latin1.GetString([.. _line]).TrimEnd('\n', '\r');
        _line.Clear();
        _headLength += taken;
        _state = _state switch
        {
            State.Status => ReadStatus(line),
            State.Headers when _headLength > MaxHeadLength => State.Failed,
            State.Headers => line.Length == 0 ? AfterHeaders() : ReadHeader(line),
            State.ChunkSize => ReadChunkSize(line),
            State.ChunkEnd => line.Length == 0 ? State.ChunkSize : State.Failed,
            _ => line.Length == 0 ? State.Done : State.Trailer,
        };
        return taken;
    }

    private int TakeBody(ReadOnlySpan<byte> bytes)
    {
        var taken = _state == State.UntilEnd ? bytes.Length : (int)Math.Min(bytes.Length, _left);
        if (_body.WrittenCount + taken > MaxBodyLength)
        {
            _state = State.Failed;
            return taken;
        }

        _body.Write(bytes[..taken]);
        _left -= taken;
        if (_left == 0 && _state != State.UntilEnd)
            _state = _state == State.Chunk ? State.ChunkEnd : State.Done;
        return taken;
    }

    private State ReadStatus(string line) =>
        line.Length >= 12 && line.StartsWith("HTTP/1.", StringComparison.Ordinal) && line[8] == ' '
        && int.TryParse(line.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out _status) && _status is >= 200 and < 600
            ? State.Headers : State.Failed;

    private State ReadHeader(string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            return State.Failed;
        var value = line[(colon + 1)..].Trim();
        if (line.AsSpan(0, colon).Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
        {
            // Two lengths that differ are an attack on somebody, RFC 9112 §6.3.
            if (!long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > MaxBodyLength || (_left >= 0 && _left != length))
                return State.Failed;
            _left = length;
        }
        else if (line.AsSpan(0, colon).Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
        {
            _isChunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
            if (!_isChunked)
                return State.Failed;
        }

        return State.Headers;
    }

    private State AfterHeaders() =>
        _status is 204 or 304 || (_left == 0 && !_isChunked) ? State.Done : _isChunked ? State.ChunkSize : _left > 0 ? State.Body : State.UntilEnd;

    private State ReadChunkSize(string line)
    {
        var end = line.IndexOf(';', StringComparison.Ordinal);
        var digits = (end < 0 ? line : line[..end]).Trim();
        if (digits.Length is 0 or > 8 || !uint.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size))
            return State.Failed;
        _headLength = 0;
        _left = size;
        return size == 0 ? State.Trailer : size > MaxBodyLength ? State.Failed : State.Chunk;
    }
}
