using System.Text;
using Crust.Session;

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

    internal RecordBuilder Protocol(ulong id, string name) => Raw(1).VarInt(id).VarInt((ulong)name.Length).Raw(Encoding.UTF8.GetBytes(name));

    internal RecordBuilder Message(ulong number, byte[] data, ulong protocol = 1, byte priority = 0, ulong? total = null, ulong offset = 0) =>
        Raw(2).VarInt(number).VarInt(protocol).Raw(priority).VarInt(total ?? (ulong)data.Length).VarInt(offset).VarInt((ulong)data.Length).Raw(data);

    internal RecordBuilder Batch(ulong first, ulong count, byte[] signature) => Raw(3).VarInt(first).VarInt(count).Raw(new byte[8]).Raw(signature);

    internal RecordBuilder Acknowledge(ulong through, ulong credit = (ulong)WireLimits.FlowWindow) => Raw(4).VarInt(through).VarInt(credit);

    internal RecordBuilder Ping(byte token = 0) => Raw(5).Raw(0, 0, 0, 0, 0, 0, 0, token);

    internal RecordBuilder Refuse(ulong number, ulong code = 1) => Raw(7).VarInt(number).VarInt(code);

    internal RecordBuilder Goodbye(ulong code, byte[] reason) => Raw(8).VarInt(code).VarInt((ulong)reason.Length).Raw(reason);

    internal RecordBuilder VarInt(ulong value)
    {
        var buffer = new byte[Crust.Wire.VarInt.Length(value)];
        Crust.Wire.VarInt.Write(buffer, value);
        return Raw(buffer);
    }
}
