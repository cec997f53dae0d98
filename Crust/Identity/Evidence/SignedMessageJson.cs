using System.Diagnostics.CodeAnalysis;
using Crust.Cryptography;

namespace Crust.Identity.Evidence;

/// <summary>
/// The JSON form of a <see cref="SignedMessage"/>, its properties in this order and named as here, the first letter small. Peers are in z-base-32, other
/// bytes in hexadecimal but for the payload, which is in base64; numbers are plain ones, also beyond 2^53.
/// </summary>
/// <param name="Type">Always <see cref="TypeName"/>.</param>
/// <param name="Version">Always 1.</param>
/// <param name="Network">Hash of the network's name.</param>
/// <param name="Sender">Who signed.</param>
/// <param name="Receiver">To whom.</param>
/// <param name="Session">The session's id.</param>
/// <param name="Kind">message, stream-open, stream-data, stream-finish, stream-reset or stream-stop.</param>
/// <param name="Protocol">The protocol's name.</param>
/// <param name="StreamId">0 for a message.</param>
/// <param name="Number">The place in the session.</param>
/// <param name="Offset">The place in the stream, 0 for a message.</param>
/// <param name="Payload">What was said.</param>
/// <param name="Salt">16 bytes.</param>
/// <param name="BatchFirst">First number under the signature.</param>
/// <param name="BatchCount">How many numbers are under it.</param>
/// <param name="Previous">Hash of the statement before.</param>
/// <param name="UnixMilliseconds">When, as the sender claims.</param>
/// <param name="Signature">64 bytes.</param>
/// <param name="AuditPath">Hashes, lowest first.</param>
[SuppressMessage("Performance", "CA1819:Properties should not return arrays", Justification = "Goes into and comes out of JSON.")]
internal sealed record SignedMessageJson(
    string Type,
    int Version,
    string Network,
    string Sender,
    string Receiver,
    string Session,
    string Kind,
    string Protocol,
    ulong StreamId,
    ulong Number,
    ulong Offset,
    byte[] Payload,
    string Salt,
    ulong BatchFirst,
    int BatchCount,
    string Previous,
    ulong UnixMilliseconds,
    string Signature,
    string[] AuditPath)
{
    internal const string TypeName = "crust signed message";

    private static readonly string[] Kinds = ["message", "stream-open", "stream-data", "stream-finish", "stream-reset", "stream-stop"];

    internal static SignedMessageJson Of(SignedMessage message) => new(
        TypeName,
        EvidenceFormat.Version,
        message.Network.Hex,
        message.Sender.ToString(),
        message.Receiver.ToString(),
        Convert.ToHexStringLower(message.SessionId.Span),
        NameOf(message.Kind),
        message.Protocol,
        message.StreamId,
        message.Number,
        message.Offset,
        message.Payload.ToArray(),
        Convert.ToHexStringLower(message.Salt.Span),
        message.BatchFirst,
        message.BatchCount,
        Convert.ToHexStringLower(message.PreviousHash.Span),
        message.UnixMilliseconds,
        Convert.ToHexStringLower(message.Signature.Span),
        [.. message.AuditPath.ToArray().Chunk(MerkleTree.HashLength).Select(hash => Convert.ToHexStringLower(hash))]);

    /// <summary>The token of a kind, also for <c>crust verify</c>.</summary>
    internal static string NameOf(SignedContent kind) => Kinds[(int)kind - 1];

    /// <summary>The message, well formed; null with a sentence that says why not.</summary>
    internal SignedMessage? ToMessage(out string? fault)
    {
        fault = Type != TypeName ? "It is JSON, but not a signed message."
            : Version != EvidenceFormat.Version ? $"It has version {Version}, and this program knows version {EvidenceFormat.Version} alone."
            : null;
        if (fault is not null)
            return null;
        if (!PeerId.TryParse(Sender, null, out var sender) || !PeerId.TryParse(Receiver, null, out var receiver))
        {
            fault = "Its sender or receiver is no peer id.";
            return null;
        }

        if (!TryHex(Network, NetworkId.ByteLength, out var network)
            || !TryHex(Session, BatchBody.SessionIdLength, out var session)
            || !TryHex(Salt, Leaf.SaltLength, out var salt)
            || !TryHex(Previous, Blake3.HashLength, out var previous)
            || !TryHex(Signature, Ed25519.SignatureLength, out var signature)
            || !TryPath(out var path))
        {
            fault = "A hash, salt or signature in it is not hexadecimal of the right length.";
            return null;
        }

        var message = new SignedMessage
        {
            Network = NetworkId.FromHash(network),
            Sender = sender,
            Receiver = receiver,
            SessionId = session,
            Kind = (SignedContent)(Array.IndexOf(Kinds, Kind) + 1),
            Protocol = Protocol,
            StreamId = StreamId,
            Number = Number,
            Offset = Offset,
            Payload = Payload,
            Salt = salt,
            BatchFirst = BatchFirst,
            BatchCount = BatchCount,
            PreviousHash = previous,
            UnixMilliseconds = UnixMilliseconds,
            Signature = signature,
            AuditPath = path,
        };
        fault = message.FindFault();
        return fault is null ? message : null;
    }

    private static bool TryHex(string? text, int length, out byte[] bytes)
    {
        bytes = new byte[length];
        return text?.Length == length * 2
            && Convert.FromHexString(text, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == length;
    }

    private bool TryPath(out byte[] path)
    {
        path = [];
        if (AuditPath.Length > Evidence.AuditPath.MaxCount)
            return false;
        path = new byte[AuditPath.Length * MerkleTree.HashLength];
        for (var i = 0; i < AuditPath.Length; i++)
        {
            if (!TryHex(AuditPath[i], MerkleTree.HashLength, out var hash))
                return false;
            hash.CopyTo(path, i * MerkleTree.HashLength);
        }

        return true;
    }
}
