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

    /// <summary>A batch of messages: the session's signatures.</summary>
    internal const string Batch = "crust batch v1";

    internal static byte[] Sign(PeerIdentity identity, string context, NetworkId network, ReadOnlySpan<byte> body)
    {
        var signature = new byte[Ed25519.SignatureLength];
        identity.Sign(Bytes(context, network, body), signature);
        return signature;
    }

    /// <summary>True when the signature is the signer's, over this body, in this context and network.</summary>
    internal static bool Verify(PeerId signer, string context, NetworkId network, ReadOnlySpan<byte> body, ReadOnlySpan<byte> signature)
    {
        Span<byte> key = stackalloc byte[PeerId.ByteLength];
        signer.CopyTo(key);
        return Ed25519.Verify(Bytes(context, network, body), signature, key);
    }

    /// <summary>The bytes that are signed.</summary>
    internal static byte[] Bytes(string context, NetworkId network, ReadOnlySpan<byte> body)
    {
        var bytes = new byte[context.Length + 1 + NetworkId.ByteLength + body.Length];
        Encoding.ASCII.GetBytes(context, bytes);
        network.ToByteArray().CopyTo(bytes, context.Length + 1);
        body.CopyTo(bytes.AsSpan(context.Length + 1 + NetworkId.ByteLength));
        return bytes;
    }
}
