using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// A peer's signed word that it is attached to a gateway. Body: <c>peer (32) ‖ gateway (32) ‖ epoch u64 ‖ time u64</c>, then the
/// signature (64) of the <see cref="Statement"/>: 144 bytes.
/// </summary>
/// <param name="Peer">Who is attached.</param>
/// <param name="Gateway">The gateway's own peer id.</param>
/// <param name="Epoch">Start of the peer's process, Unix milliseconds: of one identity running twice the newest epoch wins.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
public sealed record Attachment(PeerId Peer, PeerId Gateway, ulong Epoch, ulong UnixMilliseconds)
{
    /// <summary>Bytes of a signed attachment.</summary>
    public const int SignedLength = BodyLength + Ed25519.SignatureLength;

    /// <summary>How far the signer's clock may be off, either way. Ours: wide enough for an unsynchronised laptop, narrow for a replay.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(10);

    private const int BodyLength = PeerId.ByteLength * 2 + sizeof(ulong) * 2;

    /// <summary>Signs an attachment of the identity.</summary>
    public static byte[] Sign(PeerIdentity identity, NetworkId network, PeerId gateway, ulong epoch, DateTimeOffset now)
    {
        var signed = new byte[SignedLength];
        var writer = new SpanWriter(signed);
        identity.Id.CopyTo(writer.Reserve(PeerId.ByteLength));
        gateway.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(epoch);
        writer.WriteUInt64((ulong)now.ToUnixTimeMilliseconds());
        writer.WriteBytes(Statement.Sign(identity, Statement.AttachmentContext, network, signed.AsSpan(0, BodyLength)));
        return signed;
    }

    /// <summary>Parses and verifies a signed attachment. Whether the time is near enough is the caller's question: <see cref="IsFresh"/>.</summary>
    /// <returns>False for a wrong length, an invalid key or a signature that does not verify.</returns>
    public static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out Attachment? attachment)
    {
        attachment = null;
        if (signed.Length != SignedLength
            || !PeerId.TryFromBytes(signed[..PeerId.ByteLength], out var peer)
            || !PeerId.TryFromBytes(signed.Slice(PeerId.ByteLength, PeerId.ByteLength), out var gateway)
            || !Statement.Verify(peer, Statement.AttachmentContext, network, signed[..BodyLength], signed[BodyLength..]))
            return false;
        var reader = new SpanReader(signed[(PeerId.ByteLength * 2)..]);
        _ = reader.TryReadUInt64(out var epoch) & reader.TryReadUInt64(out var time);
        attachment = new Attachment(peer, gateway, epoch, time);
        return true;
    }

    /// <summary>True when it was signed within <see cref="ClockTolerance"/> of <paramref name="now"/>.</summary>
    public bool IsFresh(DateTimeOffset now) =>
        Math.Abs((double)UnixMilliseconds - now.ToUnixTimeMilliseconds()) <= ClockTolerance.TotalMilliseconds;
}
