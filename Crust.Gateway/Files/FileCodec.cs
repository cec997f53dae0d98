using System.Text;
using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Gateway.Files;

/// <summary>
/// Messages as bytes: type (1) ‖ attempt (4) ‖ body; integers are big endian. Reading is strict: what is too long, too short, out of range or not
/// written the one canonical way is null. A message that begins with <c>{</c> is a <see cref="Receipt"/>, whole and by itself.
/// <para>Offer: manifest length (4), manifest hash (32), entries (4), total length (8). Page: bytes. Chunk: index (4), offset (8), data. File end:
/// index (4), hash (32). Abandon: text. Ready: count and run lengths, 0 or 1 + partial index, count and resume points (offset, hash 32), all integers
/// as <see cref="VarInt"/>. Mismatch: index (4). Refusal: code (1), text. Finished, thanks, working: nothing.</para>
/// </summary>
internal static class FileCodec
{
    /// <summary>Type, attempt, index and offset before a chunk's data.</summary>
    internal const int ChunkHeaderLength = 1 + 4 + 4 + 8;

    private const byte OfferType = 1, PageType = 2, ChunkType = 3, FileEndType = 4, FinishedType = 5, AbandonType = 6, ThanksType = 7;
    private const byte ReadyType = 17, WorkingType = 18, MismatchType = 19, RefusalType = 20;
    private const int HeaderLength = 5;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True for a message that is a receipt.</summary>
    internal static bool IsReceipt(ReadOnlySpan<byte> message) => !message.IsEmpty && message[0] == (byte)'{';

    /// <summary>True for a message that says it is a chunk.</summary>
    internal static bool IsChunk(ReadOnlySpan<byte> message) => !message.IsEmpty && message[0] == ChunkType;

    /// <summary>Writes what stands before a chunk's data; <see cref="ChunkHeaderLength"/> bytes.</summary>
    internal static void WriteChunkHeader(Span<byte> destination, uint attempt, int index, long offset)
    {
        var writer = new SpanWriter(destination);
        writer.WriteByte(ChunkType);
        writer.WriteUInt32(attempt);
        writer.WriteUInt32((uint)index);
        writer.WriteUInt64((ulong)offset);
    }

    /// <summary>Reads a chunk; its data is a slice of the message.</summary>
    internal static bool TryReadChunk(ReadOnlyMemory<byte> message, out FileChunk chunk)
    {
        chunk = default;
        var reader = new SpanReader(message.Span);
        if (!reader.TryReadByte(out var type) || type != ChunkType || !reader.TryReadUInt32(out var attempt) || !TryReadIndex(ref reader, out var index)
            || !reader.TryReadUInt64(out var offset) || offset > FileProtocol.MaxFileLength || reader.Rest.Length is 0 or > FileProtocol.ChunkLength)
            return false;
        chunk = new FileChunk(attempt, index, (long)offset, message[ChunkHeaderLength..]);
        return true;
    }

    /// <summary>Writes any other message.</summary>
    internal static byte[] Write(FileMessage message)
    {
        var buffer = new byte[HeaderLength + MaxBodyLength(message)];
        var writer = new SpanWriter(buffer);
        writer.WriteByte(TypeOf(message));
        writer.WriteUInt32(message.Attempt);
        switch (message)
        {
            case FileMessage.Offer offer:
                writer.WriteUInt32((uint)offer.ManifestLength);
                writer.WriteBytes(offer.ManifestHash.Span);
                writer.WriteUInt32((uint)offer.Entries);
                writer.WriteUInt64((ulong)offer.TotalLength);
                break;
            case FileMessage.Page page:
                writer.WriteBytes(page.Bytes.Span);
                break;
            case FileMessage.FileEnd end:
                writer.WriteUInt32((uint)end.Index);
                writer.WriteBytes(end.Hash.Span);
                break;
            case FileMessage.Abandon abandon:
                writer.WriteBytes(Text(abandon.Reason));
                break;
            case FileMessage.Ready ready:
                WriteState(ref writer, ready.State);
                break;
            case FileMessage.Mismatch mismatch:
                writer.WriteUInt32((uint)mismatch.Index);
                break;
            case FileMessage.Refusal refusal:
                writer.WriteByte((byte)refusal.Code);
                writer.WriteBytes(Text(refusal.Reason));
                break;
        }

        return buffer[..writer.Position];
    }

    /// <summary>Reads any message but a chunk or a receipt; null when it is none. Pages and hashes are slices of the message.</summary>
    internal static FileMessage? Read(ReadOnlyMemory<byte> message)
    {
        var reader = new SpanReader(message.Span);
        if (!reader.TryReadByte(out var type) || !reader.TryReadUInt32(out var attempt))
            return null;
        var body = message[HeaderLength..];
        return type switch
        {
            OfferType => ReadOffer(attempt, ref reader, body),
            PageType when body.Length is > 0 and <= FileProtocol.PageLength => new FileMessage.Page(attempt, body),
            FileEndType when body.Length == 4 + Blake3.HashLength && TryReadIndex(ref reader, out var index) => new FileMessage.FileEnd(attempt, index, body[4..]),
            FinishedType when body.IsEmpty => new FileMessage.Finished(attempt),
            AbandonType when ReadText(body.Span) is { } reason => new FileMessage.Abandon(attempt, reason),
            ThanksType when body.IsEmpty => new FileMessage.Thanks(attempt),
            ReadyType when ReadState(ref reader, body) is { } state => new FileMessage.Ready(attempt, state),
            WorkingType when body.IsEmpty => new FileMessage.Working(attempt),
            MismatchType when body.Length == 4 && TryReadIndex(ref reader, out var index) => new FileMessage.Mismatch(attempt, index),
            RefusalType when reader.TryReadByte(out var code) && Enum.IsDefined((RefusalCode)code) && ReadText(reader.Rest) is { } reason =>
                new FileMessage.Refusal(attempt, (RefusalCode)code, reason),
            _ => null,
        };
    }

    private static byte TypeOf(FileMessage message) => message switch
    {
        FileMessage.Offer => OfferType,
        FileMessage.Page => PageType,
        FileMessage.FileEnd => FileEndType,
        FileMessage.Finished => FinishedType,
        FileMessage.Abandon => AbandonType,
        FileMessage.Thanks => ThanksType,
        FileMessage.Ready => ReadyType,
        FileMessage.Working => WorkingType,
        FileMessage.Mismatch => MismatchType,
        FileMessage.Refusal => RefusalType,
        _ => throw new ArgumentOutOfRangeException(nameof(message)),
    };

    private static int MaxBodyLength(FileMessage message) => message switch
    {
        FileMessage.Page page => page.Bytes.Length,
        FileMessage.Ready ready => 3 * sizeof(ulong) + ready.State.DoneRuns.Count * sizeof(uint) + ready.State.Points.Count * (sizeof(ulong) + Blake3.HashLength),
        _ => FileProtocol.MaxReasonLength + 64,
    };

    private static FileMessage.Offer? ReadOffer(uint attempt, ref SpanReader reader, ReadOnlyMemory<byte> body) =>
        reader.TryReadUInt32(out var manifestLength) && manifestLength <= int.MaxValue && reader.TryReadBytes(Blake3.HashLength, out _)
        && reader.TryReadUInt32(out var entries) && entries <= int.MaxValue && reader.TryReadUInt64(out var total) && total <= long.MaxValue && reader.IsAtEnd
            ? new FileMessage.Offer(attempt, (int)manifestLength, body.Slice(4, Blake3.HashLength), (int)entries, (long)total)
            : null;

    private static void WriteState(ref SpanWriter writer, ReceiverState state)
    {
        writer.WriteVarInt((ulong)state.DoneRuns.Count);
        foreach (var run in state.DoneRuns)
            writer.WriteVarInt((ulong)run);
        writer.WriteVarInt(state.Partial is { } partial ? (ulong)partial + 1 : 0);
        writer.WriteVarInt((ulong)state.Points.Count);
        foreach (var point in state.Points)
        {
            writer.WriteVarInt((ulong)point.Offset);
            writer.WriteBytes(point.PrefixHash.Span);
        }
    }

    /// <summary>Runs but the first are at least 1, points fall, and there are points exactly where there is a partial file: one way to say a thing.</summary>
    private static ReceiverState? ReadState(ref SpanReader reader, ReadOnlyMemory<byte> body)
    {
        if (!reader.TryReadVarInt(out var count) || count > FileProtocol.MaxEntries || count > (ulong)reader.Rest.Length || count % 2 != 0)
            return null;
        var runs = new int[count];
        var sum = 0;
        for (var i = 0; i < runs.Length; i++)
        {
            if (!reader.TryReadVarInt(out var run) || run > (ulong)(FileProtocol.MaxEntries - sum) || (run == 0 && i > 0))
                return null;
            runs[i] = (int)run;
            sum += runs[i];
        }

        if (!reader.TryReadVarInt(out var partial) || partial > FileProtocol.MaxEntries || !reader.TryReadVarInt(out var pointCount)
            || pointCount > FileProtocol.MaxResumePoints || (partial == 0) != (pointCount == 0))
            return null;
        var points = new ResumePoint[pointCount];
        for (var i = 0; i < points.Length; i++)
        {
            if (!reader.TryReadVarInt(out var offset) || offset is 0 or > FileProtocol.MaxFileLength || (i > 0 && (long)offset >= points[i - 1].Offset))
                return null;
            var at = body.Length - reader.Rest.Length;
            if (!reader.TryReadBytes(Blake3.HashLength, out _))
                return null;
            points[i] = new ResumePoint((long)offset, body.Slice(at, Blake3.HashLength));
        }

        return reader.IsAtEnd ? new ReceiverState(runs, partial == 0 ? null : (int)partial - 1, points) : null;
    }

    private static bool TryReadIndex(ref SpanReader reader, out int index)
    {
        index = 0;
        if (!reader.TryReadUInt32(out var value) || value >= FileProtocol.MaxEntries)
            return false;
        index = (int)value;
        return true;
    }

    /// <summary>A text, cut where it is too long.</summary>
    private static byte[] Text(string text)
    {
        while (Encoding.UTF8.GetByteCount(text) > FileProtocol.MaxReasonLength)
            text = text[..^1];
        return Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Control characters of a stranger never reach a terminal: they become spaces.</summary>
    private static string? ReadText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > FileProtocol.MaxReasonLength)
            return null;
        try
        {
            return Printable.Of(Utf8.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
