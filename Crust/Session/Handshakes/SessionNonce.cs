using System.Buffers.Binary;
using Crust.Cryptography;

namespace Crust.Session.Handshakes;

/// <summary>
/// The 16 random bytes that each side draws for a session. Both ids and both nonces are the session's identity: a link whose nonces match
/// joins the session, any other starts a new one.
/// </summary>
internal readonly record struct SessionNonce(UInt128 Value)
{
    internal const int Length = 16;

    /// <summary>Takes exactly <see cref="Length"/> bytes.</summary>
    internal static SessionNonce FromBytes(ReadOnlySpan<byte> bytes)
    {
        Lengths.Require(bytes, Length);
        return new SessionNonce(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    internal void CopyTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, Value);

    internal byte[] ToByteArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }
}
