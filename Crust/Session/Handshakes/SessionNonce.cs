using Crust.Cryptography;
using Crust.Primitives;

namespace Crust.Session.Handshakes;

/// <summary>
/// The 16 random bytes that each side draws for a session. Both ids and both nonces are the session's identity: a link whose nonces match
/// joins the session, any other starts a new one.
/// </summary>
internal readonly record struct SessionNonce(Bits128 Value)
{
    internal const int Length = Bits128.Length;

    /// <summary>Takes exactly <see cref="Length"/> bytes.</summary>
    internal static SessionNonce FromBytes(ReadOnlySpan<byte> bytes)
    {
        Lengths.Require(bytes, Length);
        return new SessionNonce(Bits128.Read(bytes));
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    internal void CopyTo(Span<byte> destination) => Value.Write(destination);

    internal byte[] ToByteArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }
}
