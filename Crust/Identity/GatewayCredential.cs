using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// A gateway's signed word on one life of it, which names the hash of a secret: whoever shows both is that process. Signed once in a life; after the first look the cluster
/// only compares hashes. Body: <c>gateway (32) ‖ epoch u64 ‖ time u64 ‖ BLAKE3 of the token (32)</c>, then the signature (64) of the <see cref="Statement"/>: 144 bytes.
/// </summary>
/// <param name="Gateway">Who.</param>
/// <param name="Epoch">Start of its process, Unix milliseconds.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
internal sealed record GatewayCredential(PeerId Gateway, ulong Epoch, ulong UnixMilliseconds)
{
    /// <summary>Bytes of a signed credential.</summary>
    internal const int SignedLength = BodyLength + Ed25519.SignatureLength;

    /// <summary>Bytes of the secret.</summary>
    internal const int TokenLength = 32;

    private const int HashOffset = PeerId.ByteLength + sizeof(ulong) * 2;
    private const int BodyLength = HashOffset + Blake3.HashLength;

    /// <summary>Signs a credential for a token of <see cref="TokenLength"/> random bytes.</summary>
    internal static byte[] Sign(PeerIdentity gateway, NetworkId network, ulong epoch, DateTimeOffset now, ReadOnlySpan<byte> token)
    {
        var signed = new byte[SignedLength];
        var writer = new SpanWriter(signed);
        gateway.Id.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(epoch);
        writer.WriteUInt64((ulong)now.ToUnixTimeMilliseconds());
        writer.WriteBytes(Blake3.Hash(token));
        writer.WriteBytes(Statement.Sign(gateway, Statement.CredentialContext, network, signed.AsSpan(0, BodyLength)));
        return signed;
    }

    /// <summary>Parses and verifies a credential.</summary>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out GatewayCredential? credential)
    {
        credential = null;
        if (signed.Length != SignedLength
            || !PeerId.TryFromBytes(signed[..PeerId.ByteLength], out var gateway)
            || !Statement.Verify(gateway, Statement.CredentialContext, network, signed[..BodyLength], signed[BodyLength..]))
            return false;
        var reader = new SpanReader(signed[PeerId.ByteLength..]);
        _ = reader.TryReadUInt64(out var epoch) & reader.TryReadUInt64(out var time);
        credential = new GatewayCredential(gateway, epoch, time);
        return true;
    }

    /// <summary>True when the token is the one that a credential, verified before, names.</summary>
    internal static bool Names(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> token)
    {
        if (token.Length != TokenLength)
            return false;
        Span<byte> hash = stackalloc byte[Blake3.HashLength];
        Blake3.Hash(token, hash);
        return hash.SequenceEqual(signed.Slice(HashOffset, Blake3.HashLength));
    }
}
