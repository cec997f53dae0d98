using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// A gateway's signed word that a peer that is attached to it asked it for another: with it the other's gateway admits a circuit. Body:
/// <c>issuer (32) ‖ caller (32) ‖ callee (32) ‖ time u64</c>, then the signature (64) of the <see cref="Statement"/>: 168 bytes.
/// </summary>
/// <param name="Issuer">The gateway that the caller is attached to.</param>
/// <param name="Caller">Who calls.</param>
/// <param name="Callee">Who is called.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
internal sealed record CircuitToken(PeerId Issuer, PeerId Caller, PeerId Callee, ulong UnixMilliseconds)
{
    /// <summary>Bytes of a signed token.</summary>
    internal const int SignedLength = BodyLength + Ed25519.SignatureLength;

    private const int BodyLength = PeerId.ByteLength * 3 + sizeof(ulong);

    /// <summary>Signs a token of the gateway.</summary>
    internal static byte[] Sign(PeerIdentity gateway, NetworkId network, PeerId caller, PeerId callee, DateTimeOffset now)
    {
        var signed = new byte[SignedLength];
        var writer = new SpanWriter(signed);
        gateway.Id.CopyTo(writer.Reserve(PeerId.ByteLength));
        caller.CopyTo(writer.Reserve(PeerId.ByteLength));
        callee.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64((ulong)now.ToUnixTimeMilliseconds());
        writer.WriteBytes(Statement.Sign(gateway, Statement.CircuitContext, network, signed.AsSpan(0, BodyLength)));
        return signed;
    }

    /// <summary>Who is said to have signed it, before anything is verified; false for a wrong length or an invalid key.</summary>
    internal static bool TryPeekIssuer(ReadOnlySpan<byte> signed, out PeerId issuer)
    {
        issuer = default;
        return signed.Length == SignedLength && PeerId.TryFromBytes(signed[..PeerId.ByteLength], out issuer);
    }

    /// <summary>Parses and verifies a token. Whether its issuer is a gateway, and its time near, are the caller's questions.</summary>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out CircuitToken? token)
    {
        token = null;
        if (!TryPeekIssuer(signed, out var issuer)
            || !PeerId.TryFromBytes(signed.Slice(PeerId.ByteLength, PeerId.ByteLength), out var caller)
            || !PeerId.TryFromBytes(signed.Slice(PeerId.ByteLength * 2, PeerId.ByteLength), out var callee)
            || !Statement.Verify(issuer, Statement.CircuitContext, network, signed[..BodyLength], signed[BodyLength..]))
            return false;
        var reader = new SpanReader(signed[(PeerId.ByteLength * 3)..]);
        _ = reader.TryReadUInt64(out var time);
        token = new CircuitToken(issuer, caller, callee, time);
        return true;
    }

    /// <summary>True when it was signed within <see cref="Attachment.ClockTolerance"/> of <paramref name="now"/>.</summary>
    internal bool IsFresh(DateTimeOffset now) =>
        Math.Abs((double)UnixMilliseconds - now.ToUnixTimeMilliseconds()) <= Attachment.ClockTolerance.TotalMilliseconds;
}
