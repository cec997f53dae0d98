using System.Buffers.Binary;

namespace Crust.Wire;

/// <summary>
/// A cursor over received bytes. Every read is a <c>Try</c>: a short or hostile input is a false, never an exception, and leaves the cursor
/// where it was. Integers are big endian.
/// </summary>
internal ref struct SpanReader(ReadOnlySpan<byte> source)
{
    private ReadOnlySpan<byte> _rest = source;

    /// <summary>What has not been read yet.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _rest;

    internal readonly bool IsAtEnd => _rest.IsEmpty;

    internal bool TryReadByte(out byte value)
    {
        value = 0;
        if (_rest.IsEmpty)
            return false;
        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    internal bool TryReadUInt16(out ushort value)
    {
        if (!BinaryPrimitives.TryReadUInt16BigEndian(_rest, out value))
            return false;
        _rest = _rest[sizeof(ushort)..];
        return true;
    }

    internal bool TryReadUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(_rest, out value))
            return false;
        _rest = _rest[sizeof(uint)..];
        return true;
    }

    internal bool TryReadUInt64(out ulong value)
    {
        if (!BinaryPrimitives.TryReadUInt64BigEndian(_rest, out value))
            return false;
        _rest = _rest[sizeof(ulong)..];
        return true;
    }

    internal bool TryReadVarInt(out ulong value)
    {
        if (!VarInt.TryRead(_rest, out value, out var length))
            return false;
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Takes exactly <paramref name="length"/> bytes as a slice of the source.</summary>
    internal bool TryReadBytes(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length < 0 || _rest.Length < length)
            return false;
        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Takes a run of bytes preceded by its length as a <see cref="VarInt"/>; false also when it exceeds <paramref name="maxLength"/>.</summary>
    internal bool TryReadVarBytes(int maxLength, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        var start = _rest;
        if (TryReadVarInt(out var length) && length <= (ulong)maxLength && TryReadBytes((int)length, out bytes))
            return true;
        _rest = start;
        return false;
    }
}
