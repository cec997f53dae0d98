using System.Text;
using Crust.Identity;
using Crust.Session;
using Crust.Session.Circuits;

namespace Crust.Tests.Unit.Session;

/// <summary>Writes records by hand, right or wrong.</summary>
internal sealed class RecordBuilder
{
    private readonly List<byte> _bytes = [];

    internal byte[] Record => [.. _bytes];

    internal RecordBuilder Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    internal RecordBuilder Protocol(ulong id, string name) => Raw(1).VarInt(id).Bytes(Encoding.UTF8.GetBytes(name));

    internal RecordBuilder Message(ulong number, byte[] data, ulong protocol = 1, byte priority = 0) =>
        Raw(2).VarInt(number).Shape(1, priority).VarInt(protocol).Bytes(data);

    /// <summary>An entry of a stream, whole.</summary>
    internal RecordBuilder Stream(ulong number, EntryKind kind, ulong stream, byte[]? data = null, byte priority = 1, ulong protocol = 1)
    {
        Raw(2).VarInt(number).Shape((byte)kind, priority);
        if (kind == EntryKind.StreamOpen)
            VarInt(protocol);
        return VarInt(stream).Bytes(data ?? (kind is EntryKind.StreamReset or EntryKind.StreamStop ? new byte[8] : []));
    }

    internal RecordBuilder Begin(byte[] data, ulong total, ulong number = 0, ulong protocol = 1, byte priority = 0) =>
        Raw(9).VarInt(number).Shape(1, priority).VarInt(protocol).VarInt(total).Bytes(data);

    internal RecordBuilder More(byte[] data, byte lane = 0) => Raw(10, lane).Bytes(data);

    internal RecordBuilder End(ulong number, byte[] data, byte lane = 0) => Raw(11, lane).VarInt(number).Bytes(data);

    internal RecordBuilder StreamCredit(ulong stream, ulong limit) => Raw(12).VarInt(stream).VarInt(limit);

    internal RecordBuilder Datagram(string protocol, byte[] data) => Raw(13).Bytes(Encoding.UTF8.GetBytes(protocol)).Bytes(data);

    internal RecordBuilder Nominate(ulong generation) => Raw(14).VarInt(generation);

    internal RecordBuilder LinkRequest(ulong generation = 0) => Raw(15).VarInt(generation);

    internal RecordBuilder CreditReturn(ulong messages, ulong streams) => Raw(16).VarInt(messages).VarInt(streams);

    internal RecordBuilder Batch(ulong first, ulong count, byte[] signature) => Raw(3).VarInt(first).VarInt(count).Raw(new byte[8]).Raw(signature);

    internal RecordBuilder Acknowledge(ulong through, ulong messages = (ulong)WireLimits.InitialWindow, ulong streams = (ulong)WireLimits.InitialWindow) =>
        Raw(4).VarInt(through).VarInt(messages).VarInt(streams);

    internal RecordBuilder Ping(byte token = 0) => Raw(5).Raw(0, 0, 0, 0, 0, 0, 0, token);

    internal RecordBuilder Pong(byte token = 0) => Raw(6).Raw(0, 0, 0, 0, 0, 0, 0, token);

    internal RecordBuilder Refuse(ulong number, ulong code = 1) => Raw(7).VarInt(number).VarInt(code);

    internal RecordBuilder Goodbye(ulong code, byte[] reason) => Raw(8).VarInt(code).Bytes(reason);

    internal RecordBuilder CircuitOpen(ulong id, CircuitKind kind, PeerId peer, byte[] token) => Raw(17).VarInt(id).Raw((byte)kind).Raw(peer.ToByteArray()).Bytes(token);

    internal RecordBuilder CircuitData(ulong id, byte[] data) => Raw(18).VarInt(id).Bytes(data);

    internal RecordBuilder CircuitCredit(ulong id, ulong limit) => Raw(19).VarInt(id).VarInt(limit);

    internal RecordBuilder CircuitClose(ulong id, ulong code) => Raw(20).VarInt(id).VarInt(code);

    internal RecordBuilder Bytes(byte[] bytes) => VarInt((ulong)bytes.Length).Raw(bytes);

    internal RecordBuilder VarInt(ulong value)
    {
        var buffer = new byte[Crust.Wire.VarInt.Length(value)];
        Crust.Wire.VarInt.Write(buffer, value);
        return Raw(buffer);
    }

    private RecordBuilder Shape(byte kind, byte priority) => Raw((byte)(kind | (priority << 4)));
}
