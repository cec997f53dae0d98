using Crust.Buffers;
using Crust.Cryptography;
using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>An entry on its way out, from the call that queued it to the acknowledgement. Used again for another entry afterwards.</summary>
internal sealed class OutboundEntry
{
    private byte[]? _digest;
    private bool _hasDigest;

    internal EntryKind Kind { get; private set; }

    internal OutboundProtocol Protocol { get; private set; } = null!;

    /// <summary>The stream it belongs to; null for a message.</summary>
    internal OutboundStream? Stream { get; private set; }

    internal byte Priority { get; private set; }

    internal bool IsUnsigned => Protocol.IsUnsigned;

    internal PayloadLease Payload { get; private set; }

    /// <summary>0 when nobody waits for the outcome, or it was told already.</summary>
    internal long Token { get; set; }

    internal Instant QueuedAt { get; private set; }

    /// <summary>Stream data: where in the stream it stands.</summary>
    internal ulong Offset { get; private set; }

    /// <summary>Given with its last byte's first writing; 0 before.</summary>
    internal ulong Number { get; set; }

    /// <summary>Payload bytes written on this link.</summary>
    internal int Written { get; set; }

    /// <summary>Credit spent for it so far, on all links.</summary>
    internal long Paid { get; set; }

    internal long Cost => WireLimits.Cost(Payload.Length);

    /// <summary>BLAKE3 of the payload, if whoever queued it has computed it; else empty.</summary>
    internal ReadOnlySpan<byte> Digest => _hasDigest ? _digest : [];

    internal void SetMessage(OutboundProtocol protocol, byte priority, PayloadLease payload, ReadOnlySpan<byte> digest, long token, Instant now)
    {
        Set(EntryKind.Message, protocol, null, priority, payload, 0, now);
        Token = token;
        Keep(digest);
    }

    internal void SetStream(EntryKind kind, OutboundStream stream, PayloadLease payload, ReadOnlySpan<byte> digest, ulong offset, Instant now)
    {
        Set(kind, stream.Protocol, stream, stream.Priority, payload, offset, now);
        Token = 0;
        Keep(digest);
    }

    private void Keep(ReadOnlySpan<byte> digest)
    {
        _hasDigest = !digest.IsEmpty;
        if (_hasDigest)
            digest.CopyTo(_digest ??= new byte[Blake3.HashLength]);
    }

    private void Set(EntryKind kind, OutboundProtocol protocol, OutboundStream? stream, byte priority, PayloadLease payload, ulong offset, Instant now)
    {
        Kind = kind;
        Protocol = protocol;
        Stream = stream;
        Priority = priority;
        Payload = payload;
        Offset = offset;
        QueuedAt = now;
        Number = 0;
        Written = 0;
        Paid = 0;
    }
}
