using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// Gives a protocol's name a number, in one direction and for one link: <c>0x01 ‖ id varint ‖ name varbytes</c>. Ids count from 1.
/// </summary>
internal readonly ref struct ProtocolFrame(ulong id, ReadOnlySpan<byte> name)
{
    /// <summary>Longest encoding: type, a two-byte id, a two-byte length, the name.</summary>
    internal const int MaxLength = 1 + 2 + 2 + WireLimits.MaxProtocolNameLength;

    internal ulong Id { get; } = id;

    /// <summary>1 to 64 bytes of printable ASCII once read.</summary>
    internal ReadOnlySpan<byte> Name { get; } = name;

    /// <summary>True for the bytes that may stand in a name: the space and everything visible of ASCII.</summary>
    internal static bool IsValidName(ReadOnlySpan<byte> name) =>
        name.Length is >= 1 and <= WireLimits.MaxProtocolNameLength && !name.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.Protocol);
        writer.WriteVarInt(Id);
        writer.WriteVarBytes(Name);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(ref SpanReader reader, out ProtocolFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var id)
            || id is 0 or > WireLimits.MaxProtocols
            || !reader.TryReadVarBytes(WireLimits.MaxProtocolNameLength, out var name)
            || !IsValidName(name))
            return false;
        frame = new ProtocolFrame(id, name);
        return true;
    }
}
