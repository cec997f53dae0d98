using System.Text;
using Crust.Cryptography;

namespace Crust.Identity;

/// <summary>
/// The one way a peer's key signs. The signed bytes are <c>context ‖ 0x00 ‖ network (32) ‖ body</c>, where the context names the kind of
/// statement: no signature can be passed off as one of another kind or network, and the key never signs bytes of a caller's choosing alone.
/// </summary>
internal static class Statement
{
    /// <summary>A peer's record: <see cref="PeerRecord"/>.</summary>
    internal const string Record = "crust record v1";

    /// <summary>A peer's attachment to a gateway: <see cref="Attachment"/>.</summary>
    internal const string AttachmentContext = "crust attachment v1";

    /// <summary>A gateway's word for a caller: <see cref="CircuitToken"/>.</summary>
    internal const string CircuitContext = "crust circuit v1";

    /// <summary>A gateway's word on a dial-back: <see cref="ReachabilityProof"/>.</summary>
    internal const string ProofContext = "crust proof v1";

    /// <summary>A peer's announcement on its LAN: <c>Discovery/Lan</c>.</summary>
    internal const string LanContext = "crust lan v1";

    /// <summary>An operator's order: <see cref="OperatorOrder"/>.</summary>
    internal const string OrderContext = "crust order v1";

    /// <summary>A gateway's word on its own life, for the cluster: <see cref="GatewayCredential"/>.</summary>
    internal const string CredentialContext = "crust gateway life v1";

    /// <summary>A batch of messages: the session's signatures.</summary>
    internal const string Batch = "crust batch v1";

    internal static byte[] Sign(PeerIdentity identity, string context, NetworkId network, ReadOnlySpan<byte> body)
    {
        var signature = new byte[Ed25519.SignatureLength];
        Sign(identity, Bytes(context, network, body), signature);
        return signature;
    }

    /// <summary>Signs bytes that begin with what <see cref="WriteHead"/> wrote: for whoever keeps a buffer of them.</summary>
    internal static void Sign(PeerIdentity identity, ReadOnlySpan<byte> bytes, Span<byte> signature) => identity.Sign(bytes, signature);

    /// <summary>True when the signature is the signer's, over this body, in this context and network.</summary>
    internal static bool Verify(PeerId signer, string context, NetworkId network, ReadOnlySpan<byte> body, ReadOnlySpan<byte> signature) =>
        Verify(signer, Bytes(context, network, body), signature);

    /// <summary>True when the signature is the signer's over bytes that begin with what <see cref="WriteHead"/> wrote.</summary>
    internal static bool Verify(PeerId signer, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        Span<byte> key = stackalloc byte[PeerId.ByteLength];
        signer.CopyTo(key);
        return Ed25519.Verify(bytes, signature, key);
    }

    /// <summary>The bytes that are signed.</summary>
    internal static byte[] Bytes(string context, NetworkId network, ReadOnlySpan<byte> body)
    {
        var head = HeadLength(context);
        var bytes = new byte[head + body.Length];
        WriteHead(context, network, bytes);
        body.CopyTo(bytes.AsSpan(head));
        return bytes;
    }

    /// <summary>How many of the signed bytes precede the body.</summary>
    internal static int HeadLength(string context) => context.Length + 1 + NetworkId.ByteLength;

    /// <summary>Writes what precedes the body.</summary>
    internal static void WriteHead(string context, NetworkId network, Span<byte> head)
    {
        var length = Encoding.ASCII.GetBytes(context, head);
        head[length] = 0;
        network.ToByteArray().CopyTo(head[(length + 1)..]);
    }
}
