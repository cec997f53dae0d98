using Crust.Buffers;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Sending;

/// <summary>Puts entries into records: whole, or in fragments where record or credit end.</summary>
/// <param name="protocols">Their ids on the present link.</param>
internal sealed class FragmentWriter(OutboundProtocols protocols)
{
    /// <summary>An entry up to this length waits for the next record rather than being cut in two, if an empty record has room for it.</summary>
    private const int MaxUncut = 1024;

    /// <summary>Shortest fragment worth a header, unless it is the last one.</summary>
    private const int MinFragment = 64;

    /// <summary>Where long data go instead of the record; null: all are copied into it.</summary>
    internal LentPayloads? Lent { get; set; }

    /// <summary>Writes as much of an entry as record and credit admit, with its protocol's definition when the link does not know it yet.</summary>
    /// <returns>Payload bytes written; −1 when the record has no room.</returns>
    internal int TryWrite(ref SpanWriter writer, OutboundEntry entry, ulong number, long credit)
    {
        var protocol = entry.Protocol;
        var isDefined = protocol.Id != 0;
        var shape = new EntryShape(entry.Kind, entry.Priority, entry.IsUnsigned, 0, entry.Stream?.Id ?? 0);
        if (shape.HasProtocol && entry.Written == 0)
        {
            shape = shape with { Protocol = isDefined ? protocol.Id : protocols.NextId };
            if (!isDefined && writer.Remaining < ProtocolFrame.MaxLength + MinFragment)
                return -1;
        }

        var room = writer.Remaining - (shape.HasProtocol && !isDefined && entry.Written == 0 ? ProtocolFrame.MaxLength : 0);
        var total = entry.Payload.Length;
        var left = total - entry.Written;
        if (entry.Written == 0)
        {
            credit = credit == long.MaxValue ? credit : credit - WireLimits.EntryOverhead;
            var whole = EntryFrame.Length(number, shape, total);
            if (whole <= room && total <= credit)
            {
                Define(ref writer, protocol, shape);
                new EntryFrame(number, shape, entry.Payload.Span).WriteHead(ref writer);
                WriteData(ref writer, entry, total);
                return total;
            }

            if (total <= MaxUncut && total <= credit && whole <= room + writer.Position)
                return -1;
            return TryBegin(ref writer, entry, shape, room, credit);
        }

        var end = EndFrame.Length(number, left);
        if (end <= room && left <= credit)
        {
            new EndFrame(entry.Priority, number, entry.Payload.Span[entry.Written..]).WriteHead(ref writer);
            WriteData(ref writer, entry, left);
            return left;
        }

        var length = (int)Math.Min(Math.Min(left - 1, room - MoreFrame.HeadLength(room)), credit);
        if (length < MinFragment && (length <= 0 || length < Math.Min(left - 1, credit)))
            return -1;
        new MoreFrame(entry.Priority, entry.Payload.Span.Slice(entry.Written, length)).WriteHead(ref writer);
        WriteData(ref writer, entry, length);
        return length;
    }

    private int TryBegin(ref SpanWriter writer, OutboundEntry entry, EntryShape shape, int room, long credit)
    {
        var total = entry.Payload.Length;
        var length = (int)Math.Min(Math.Min(total - 1, room - BeginFrame.HeadLength(entry.Number, shape, total, room)), credit);
        if (length < MinFragment && (length <= 0 || length < Math.Min(total - 1, credit)))
            return -1;
        Define(ref writer, entry.Protocol, shape);
        new BeginFrame(entry.Number, shape, total, entry.Payload.Span[..length]).WriteHead(ref writer);
        WriteData(ref writer, entry, length);
        return length;
    }

    /// <summary>The next bytes of an entry, behind the head of their frame.</summary>
    private void WriteData(ref SpanWriter writer, OutboundEntry entry, int length)
    {
        var place = writer.Position;
        var room = writer.Reserve(length);
        if (Lent is null || !Lent.TryAdd(place, entry.Payload, entry.Written, length))
            entry.Payload.Span.Slice(entry.Written, length).CopyTo(room);
        entry.Written += length;
    }

    private void Define(ref SpanWriter writer, OutboundProtocol protocol, in EntryShape shape)
    {
        if (!shape.HasProtocol || protocol.Id != 0)
            return;
        protocols.Intern(protocol);
        new ProtocolFrame(protocol.Id, protocol.Name).Write(ref writer);
    }
}
