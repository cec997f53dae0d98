using System.Buffers.Binary;
using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>Converts between <see cref="PeerId"/> and what travels. Ids from within the cluster are trusted: the curve arithmetic was done at its edge.</summary>
[RegisterConverter]
public sealed class PeerIdConverter : IConverter<PeerId, PeerIdSurrogate>
{
    /// <inheritdoc/>
    public PeerId ConvertFromSurrogate(in PeerIdSurrogate surrogate)
    {
        Span<byte> bytes = stackalloc byte[PeerId.ByteLength];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, surrogate.First);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], surrogate.Second);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], surrogate.Third);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[24..], surrogate.Fourth);
        return PeerId.FromTrustedBytes(bytes);
    }

    /// <inheritdoc/>
    public PeerIdSurrogate ConvertToSurrogate(in PeerId value)
    {
        Span<byte> bytes = stackalloc byte[PeerId.ByteLength];
        value.CopyTo(bytes);
        return new PeerIdSurrogate
        {
            First = BinaryPrimitives.ReadUInt64BigEndian(bytes),
            Second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            Third = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]),
            Fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]),
        };
    }
}
