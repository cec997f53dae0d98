using Crust.Cryptography;
using Crust.Identity;
using Crust.Primitives;
using Crust.Wire;

namespace Crust.Session.Handshakes;

/// <summary>
/// The name of a session, 32 bytes: BLAKE3 of <c>"crust session v1" ‖ lower id ‖ its nonce ‖ higher id ‖ its nonce</c>, ordered by
/// <see cref="PeerId"/>, so that both sides and every link of the session agree.
/// </summary>
internal readonly record struct SessionId
{
    internal const int Length = Blake3.HashLength;

    private readonly Bits128 _high, _low;

    private SessionId(ReadOnlySpan<byte> bytes)
    {
        _high = Bits128.Read(bytes);
        _low = Bits128.Read(bytes[Bits128.Length..]);
    }

    /// <summary>The session of two peers with their nonces, in either order.</summary>
    internal static SessionId Compute(PeerId peer, SessionNonce nonce, PeerId otherPeer, SessionNonce otherNonce)
    {
        Span<byte> hash = stackalloc byte[Length];
        Hash("crust session v1"u8, peer, nonce, otherPeer, otherNonce, hash);
        return new SessionId(hash);
    }

    /// <summary>
    /// The 32-byte key of the session's batch salts: the same hash under the label <c>"crust batch salts v1"</c>. It comes from the nonces,
    /// which only the two peers know, and not from one link's keys, since two links made at once must come out as one session.
    /// </summary>
    internal static void ComputeSaltSecret(PeerId peer, SessionNonce nonce, PeerId otherPeer, SessionNonce otherNonce, Span<byte> secret) =>
        Hash("crust batch salts v1"u8, peer, nonce, otherPeer, otherNonce, secret);

    private static void Hash(ReadOnlySpan<byte> label, PeerId peer, SessionNonce nonce, PeerId otherPeer, SessionNonce otherNonce, Span<byte> hash)
    {
        if (peer > otherPeer)
            (peer, nonce, otherPeer, otherNonce) = (otherPeer, otherNonce, peer, nonce);
        Span<byte> input = stackalloc byte[label.Length + 2 * (PeerId.ByteLength + SessionNonce.Length)];
        var writer = new SpanWriter(input);
        writer.WriteBytes(label);
        peer.CopyTo(writer.Reserve(PeerId.ByteLength));
        nonce.CopyTo(writer.Reserve(SessionNonce.Length));
        otherPeer.CopyTo(writer.Reserve(PeerId.ByteLength));
        otherNonce.CopyTo(writer.Reserve(SessionNonce.Length));
        Blake3.Hash(input, hash);
        Secrets.Zero(input);
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        _high.Write(destination);
        _low.Write(destination[Bits128.Length..]);
    }

    internal byte[] ToByteArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToByteArray());
}
