using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// A gateway's signed word on what came of a dial-back. Body: <c>gateway (32) ‖ peer (32) ‖ record sequence u64 ‖ dialled u16 ‖ reached u16 ‖ flags u8 ‖ time u64</c>, then
/// the signature (64) of the <see cref="Statement"/>: 149 bytes. Bit <c>i</c> of the two sets is the address with the index <c>i</c> of that record; bit 0 of the flags says
/// that the dial came from where the peer had not sent anything to.
/// </summary>
/// <param name="Gateway">Whose word it is.</param>
/// <param name="Peer">Who was dialled.</param>
/// <param name="Sequence">Sequence number of the record whose addresses are meant.</param>
/// <param name="Dialled">Which addresses were dialled: now, or before without being reached since; not empty.</param>
/// <param name="Reached">Which of these the peer answered at; none: the dial failed.</param>
/// <param name="IsIndependent">Whether the dial would have failed if the peer's NAT let in only whom the peer has sent to.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
internal sealed record ReachabilityProof(
    PeerId Gateway, PeerId Peer, ulong Sequence, ushort Dialled, ushort Reached, bool IsIndependent, ulong UnixMilliseconds)
{
    /// <summary>Bytes of a signed proof.</summary>
    internal const int SignedLength = BodyLength + Ed25519.SignatureLength;

    private const int BodyLength = PeerId.ByteLength * 2 + sizeof(ulong) * 2 + sizeof(ushort) * 2 + 1;
    private const byte Independent = 1;

    /// <summary>Signs the proof with the gateway's key.</summary>
    internal byte[] Sign(PeerIdentity gateway, NetworkId network)
    {
        var signed = new byte[SignedLength];
        var writer = new SpanWriter(signed);
        Gateway.CopyTo(writer.Reserve(PeerId.ByteLength));
        Peer.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(Sequence);
        writer.WriteUInt16(Dialled);
        writer.WriteUInt16(Reached);
        writer.WriteByte(IsIndependent ? Independent : (byte)0);
        writer.WriteUInt64(UnixMilliseconds);
        writer.WriteBytes(Statement.Sign(gateway, Statement.ProofContext, network, signed.AsSpan(0, BodyLength)));
        return signed;
    }

    /// <summary>Parses and verifies a proof. Whether its gateway is one, and its time near, are the caller's questions.</summary>
    /// <returns>False for a wrong length, an invalid key, sets that contradict each other or a signature that does not verify.</returns>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out ReachabilityProof? proof)
    {
        proof = null;
        if (signed.Length != SignedLength
            || !PeerId.TryFromBytes(signed[..PeerId.ByteLength], out var gateway)
            || !PeerId.TryFromBytes(signed.Slice(PeerId.ByteLength, PeerId.ByteLength), out var peer))
            return false;
        var reader = new SpanReader(signed[(PeerId.ByteLength * 2)..]);
        _ = reader.TryReadUInt64(out var sequence) & reader.TryReadUInt16(out var dialled) & reader.TryReadUInt16(out var reached)
            & reader.TryReadByte(out var flags) & reader.TryReadUInt64(out var time);
        if (dialled == 0 || (reached & ~dialled) != 0
            || !Statement.Verify(gateway, Statement.ProofContext, network, signed[..BodyLength], signed[BodyLength..]))
            return false;
        proof = new ReachabilityProof(gateway, peer, sequence, dialled, reached, (flags & Independent) != 0, time);
        return true;
    }

    /// <summary>True when it was signed within <see cref="Attachment.ClockTolerance"/> of <paramref name="now"/>.</summary>
    internal bool IsFresh(DateTimeOffset now) =>
        Math.Abs((double)UnixMilliseconds - now.ToUnixTimeMilliseconds()) <= Attachment.ClockTolerance.TotalMilliseconds;
}
