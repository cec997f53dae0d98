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
        ArgumentNullException.ThrowIfNull(identity);
        var signed = new Attachment(identity.Id, gateway, epoch, (ulong)now.ToUnixTimeMilliseconds()).Write();
        Statement.Sign(identity, Statement.AttachmentContext, network, signed.AsSpan(0, BodyLength)).CopyTo(signed, BodyLength);
        return signed;
    }

    /// <summary>Parses and verifies a signed attachment. Whether the time is near enough is the caller's question: <see cref="IsFresh"/>.</summary>
    /// <returns>False for a wrong length, an invalid key or a signature that does not verify.</returns>
    public static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out Attachment? attachment)
    {
        attachment = null;
        if (signed.Length != SignedLength
            || !PeerId.TryFromBytes(signed[..PeerId.ByteLength], out _)
            || !PeerId.TryFromBytes(signed.Slice(PeerId.ByteLength, PeerId.ByteLength), out _)
            || !IsSigned(signed, network))
            return false;
        return TryRead(signed, out attachment);
    }

    /// <summary><see cref="TryVerify(ReadOnlySpan{byte}, NetworkId, out Attachment?)"/> of one to a gateway that is known to be one: its key, and the peer's where that is known as well, are not judged again, which is a third of the work each.</summary>
    /// <param name="signed">The bytes.</param>
    /// <param name="network">The network.</param>
    /// <param name="gateway">The gateway that must be named.</param>
    /// <param name="peer">The peer that must be named; null for any.</param>
    /// <param name="attachment">What it says.</param>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, PeerId gateway, PeerId? peer, out Attachment? attachment)
    {
        if (TryRead(signed, out attachment) && attachment!.Gateway == gateway
            && (peer is { } known ? attachment.Peer == known : PeerId.TryFromBytes(signed[..PeerId.ByteLength], out _))
            && IsSigned(signed, network))
            return true;
        attachment = null;
        return false;
    }

    /// <summary>Reads what a signed attachment says, and verifies nothing: neither the signature nor the keys. False for a wrong length.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> signed, out Attachment? attachment)
    {
        attachment = null;
        if (signed.Length != SignedLength)
            return false;
        var reader = new SpanReader(signed[(PeerId.ByteLength * 2)..]);
        _ = reader.TryReadUInt64(out var epoch) & reader.TryReadUInt64(out var time);
        attachment = new Attachment(
            PeerId.FromTrustedBytes(signed[..PeerId.ByteLength]), PeerId.FromTrustedBytes(signed.Slice(PeerId.ByteLength, PeerId.ByteLength)), epoch, time);
        return true;
    }

    /// <summary>The signed bytes again, of what they say and the signature (64 bytes) that they ended with.</summary>
    internal byte[] Join(ReadOnlySpan<byte> signature)
    {
        Lengths.Require(signature, Ed25519.SignatureLength);
        var signed = Write();
        signature.CopyTo(signed.AsSpan(BodyLength));
        return signed;
    }

    /// <summary>True when it was signed within <see cref="ClockTolerance"/> of <paramref name="now"/>.</summary>
    public bool IsFresh(DateTimeOffset now) =>
        Math.Abs((double)UnixMilliseconds - now.ToUnixTimeMilliseconds()) <= ClockTolerance.TotalMilliseconds;

    private static bool IsSigned(ReadOnlySpan<byte> signed, NetworkId network) =>
        Statement.Verify(PeerId.FromTrustedBytes(signed[..PeerId.ByteLength]), Statement.AttachmentContext, network, signed[..BodyLength], signed[BodyLength..]);

    /// <summary>The body, with room for the signature.</summary>
    private byte[] Write()
    {
        var signed = new byte[SignedLength];
        var writer = new SpanWriter(signed);
        Peer.CopyTo(writer.Reserve(PeerId.ByteLength));
        Gateway.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(Epoch);
        writer.WriteUInt64(UnixMilliseconds);
        return signed;
    }
}
