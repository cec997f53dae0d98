using System.Diagnostics.CodeAnalysis;
using System.Text;
using Crust.Cryptography;

namespace Crust.Identity.Evidence;

/// <summary>
/// One message, or one event of a stream, with all that proves its sender signed it: anyone verifies it with nothing but its content, whose
/// <see cref="Sender"/> is the key. Immutable and thread safe.
/// </summary>
/// <remarks>
/// <para>
/// A good one proves authorship: the holder of the sender's key signed exactly this payload, under this protocol, as number <see cref="Number"/> of its
/// direction of that session with that receiver in that network, and cannot have signed another one there without making an
/// <see cref="EquivocationProof"/> possible.
/// </para>
/// <para>
/// It does not prove that the receiver got it, nor when it was signed (<see cref="UnixMilliseconds"/> is the sender's claim), nor what else was said in
/// the session: the other messages of its batch stay hidden behind salted hashes. It does not prove that the receiver made the export: whoever has it can pass it on.
/// </para>
/// <para>
/// Binary, integers big endian, no byte more or less: <c>8C "crust" (6) ‖ 'm' ‖ version u8 = 1 ‖ network (32) ‖ sender (32) ‖ receiver (32) ‖ session id (32) ‖
/// batch first u64 ‖ batch count u32 ‖ previous (32) ‖ unix ms u64 ‖ signature (64) ‖ kind u8 ‖ protocol length u8 ‖ protocol ‖ stream id u64 ‖ number u64 ‖
/// offset u64 ‖ salt (16) ‖ hashes in the audit path u8 ‖ audit path (32 each) ‖ payload length u32 ‖ payload</c>.
/// </para>
/// <para>
/// JSON: one object with exactly these properties, each once, in any order: <c>type</c> ("crust signed message"), <c>version</c> (1), <c>network</c>,
/// <c>sender</c>, <c>receiver</c> (z-base-32), <c>session</c>, <c>kind</c> (message, stream-open, stream-data, stream-finish, stream-reset, stream-stop), <c>protocol</c>,
/// <c>streamId</c>, <c>number</c>, <c>offset</c>, <c>payload</c> (base64), <c>salt</c>, <c>batchFirst</c>, <c>batchCount</c>, <c>previous</c>,
/// <c>unixMilliseconds</c>, <c>signature</c>, <c>auditPath</c> (an array). Bytes are in hexadecimal but for the payload. Numbers are plain, so a reader needs 64-bit integers.
/// </para>
/// </remarks>
public sealed class SignedMessage
{
    /// <summary>Longest binary form, in bytes.</summary>
    public const int MaxLength = EvidenceLimits.MaxPayloadLength + 4096;

    /// <summary>Longest JSON form, in bytes of UTF-8: the payload in base64, and room for the rest.</summary>
    public const int MaxJsonLength = (EvidenceLimits.MaxPayloadLength + 2) / 3 * 4 + 8192;

    private const ulong MaxUnixMilliseconds = 253_402_300_799_999;

    internal SignedMessage()
    {
    }

    /// <summary>The network that the session was in.</summary>
    public NetworkId Network { get; internal init; }

    /// <summary>Who signed.</summary>
    public PeerId Sender { get; internal init; }

    /// <summary>Whom the sender was talking to.</summary>
    public PeerId Receiver { get; internal init; }

    /// <summary>32 bytes that name the session between the two.</summary>
    public ReadOnlyMemory<byte> SessionId { get; internal init; }

    /// <summary>What was said: a message, or which event of a stream.</summary>
    public SignedContent Kind { get; internal init; }

    /// <summary>The protocol of the message or stream: 1 to 64 characters of printable ASCII.</summary>
    public string Protocol { get; internal init; } = "";

    /// <summary>The stream; 0 for a message.</summary>
    public ulong StreamId { get; internal init; }

    /// <summary>The place among all that the sender said in the session, from 1.</summary>
    public ulong Number { get; internal init; }

    /// <summary>Where stream data begins in its stream, in bytes; 0 for a message.</summary>
    public ulong Offset { get; internal init; }

    /// <summary>What was said: at most 2 MiB.</summary>
    public ReadOnlyMemory<byte> Payload { get; internal init; }

    /// <summary>16 bytes that kept the content from being guessed from its hash until now.</summary>
    public ReadOnlyMemory<byte> Salt { get; internal init; }

    /// <summary>Number of the first message under the signature.</summary>
    public ulong BatchFirst { get; internal init; }

    /// <summary>How many messages the signature covers: 1 to 1,024.</summary>
    public int BatchCount { get; internal init; }

    /// <summary>32 bytes: the hash of the sender's statement before this one, zeros for the first of the session.</summary>
    public ReadOnlyMemory<byte> PreviousHash { get; internal init; }

    /// <summary>When the sender claims to have signed, in milliseconds since 1970.</summary>
    public ulong UnixMilliseconds { get; internal init; }

    /// <summary>When the sender claims to have signed; null for a claim beyond the year 9999.</summary>
    public DateTimeOffset? ClaimedTime =>
        UnixMilliseconds > MaxUnixMilliseconds ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)UnixMilliseconds);

    /// <summary>The Ed25519 signature over the batch, 64 bytes.</summary>
    public ReadOnlyMemory<byte> Signature { get; internal init; }

    /// <summary>What leads from this message to the signed root: at most ten hashes of 32 bytes, back to back, lowest first (RFC 9162 §2.1.3.1).</summary>
    public ReadOnlyMemory<byte> AuditPath { get; internal init; }

    /// <summary>Parses either form and verifies it.</summary>
    /// <returns>False for anything malformed or not signed by the sender that it names.</returns>
    public static bool TryVerify(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out SignedMessage? message)
    {
        if (TryParse(encoded, out message) && message.Verify())
            return true;
        message = null;
        return false;
    }

    /// <summary>Parses either form and verifies that it was signed by this sender.</summary>
    public static bool TryVerify(ReadOnlySpan<byte> encoded, PeerId expectedSender, [NotNullWhen(true)] out SignedMessage? message)
    {
        if (TryParse(encoded, out message) && message.Verify(expectedSender))
            return true;
        message = null;
        return false;
    }

    /// <summary>Parses the binary form or the UTF-8 of the JSON form; whether the signature is good is <see cref="Verify()"/>'s question.</summary>
    /// <returns>False for anything that is not exactly one signed message.</returns>
    public static bool TryParse(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out SignedMessage? message)
    {
        message = Read(encoded, out _);
        return message is not null;
    }

    /// <summary>Parses the JSON form.</summary>
    /// <returns>False for anything that is not exactly one signed message.</returns>
    public static bool TryParse([NotNullWhen(true)] string? json, [NotNullWhen(true)] out SignedMessage? message)
    {
        message = null;
        return json?.Length <= MaxJsonLength && TryParse(Encoding.UTF8.GetBytes(json), out message);
    }

    /// <summary>Parses the binary form or the UTF-8 of the JSON form.</summary>
    /// <exception cref="FormatException">It is not a signed message; the message says why.</exception>
    public static SignedMessage Parse(ReadOnlySpan<byte> encoded) => Read(encoded, out var fault) ?? throw new FormatException(fault);

    /// <summary>Parses the JSON form.</summary>
    /// <exception cref="FormatException">It is not a signed message; the message says why.</exception>
    public static SignedMessage Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return json.Length <= MaxJsonLength ? Parse(Encoding.UTF8.GetBytes(json)) : throw new FormatException(EvidenceFormat.TooLong);
    }

    /// <summary>True when the sender signed exactly this.</summary>
    public bool Verify() =>
        StatementBody() is { } body && Statement.Verify(Sender, Statement.Batch, Network, body, Signature.Span);

    /// <summary>True when this sender, and no other, signed exactly this.</summary>
    public bool Verify(PeerId expectedSender) => Sender == expectedSender && Verify();

    /// <summary>The binary form.</summary>
    public byte[] ToBytes() => SignedMessageCodec.Write(this);

    /// <summary>The JSON form, indented.</summary>
    public string ToJson() => EvidenceJson.Write(this);

    /// <summary>Parses either form; null with a sentence that says why not.</summary>
    internal static SignedMessage? Read(ReadOnlySpan<byte> encoded, out string? fault) => EvidenceFormat.IsJson(encoded)
        ? EvidenceJson.ReadMessage(encoded, out fault)
        : SignedMessageCodec.Read(encoded, out fault);

    /// <summary>The 32-byte hash that the batch's tree has in this place.</summary>
    internal byte[] LeafHash()
    {
        var hash = new byte[MerkleTree.HashLength];
        new Leaf(Kind, Encoding.ASCII.GetBytes(Protocol), StreamId, Number, Offset).Hash(Salt.Span, Payload.Span, hash);
        return hash;
    }

    /// <summary>The body of the statement that must have been signed; null when the audit path does not fit the place.</summary>
    internal byte[]? StatementBody()
    {
        Span<byte> root = stackalloc byte[MerkleTree.HashLength];
        if (!Evidence.AuditPath.TryRoot(LeafHash(), (int)(Number - BatchFirst), BatchCount, AuditPath.Span, root))
            return null;
        var body = new byte[BatchBody.Length];
        new BatchBody
        {
            Sender = Sender,
            Receiver = Receiver,
            SessionId = SessionId.Span,
            First = BatchFirst,
            Count = BatchCount,
            Previous = PreviousHash.Span,
            UnixMilliseconds = UnixMilliseconds,
            Root = root,
        }.Write(body);
        return body;
    }

    /// <summary>Says what keeps this from being a signed message at all, whoever signed; null for nothing.</summary>
    internal string? FindFault() => this switch
    {
        { Kind: < SignedContent.Message or > SignedContent.StreamStop } => "The kind of its content is unknown.",
        { Protocol.Length: 0 or > EvidenceLimits.MaxProtocolNameLength } => "Its protocol's name has not 1 to 64 characters.",
        _ when Protocol.AsSpan().ContainsAnyExceptInRange(' ', '~') => "Its protocol's name is not printable ASCII.",
        { Kind: SignedContent.Message } when StreamId != 0 || Offset != 0 => "A message has no stream and no offset.",
        _ when !IsPayloadLength(Kind, Payload.Length) => "The payload has a length that this kind of content cannot have.",
        _ when Offset > ulong.MaxValue - (ulong)Payload.Length => "The stream's data would end beyond every number.",
        { BatchCount: < 1 or > EvidenceLimits.MaxBatchCount } => "A batch has 1 to 1,024 messages.",
        { BatchFirst: 0 } => "Numbers begin with 1.",
        _ when BatchFirst > ulong.MaxValue - (ulong)BatchCount => "The batch would end beyond every number.",
        _ when Number < BatchFirst || Number - BatchFirst >= (ulong)BatchCount => "Its number is not one of its batch's.",
        _ when SessionId.Length != BatchBody.SessionIdLength => "The session's id has not 32 bytes.",
        _ when PreviousHash.Length != Blake3.HashLength => "The hash of the statement before has not 32 bytes.",
        _ when Salt.Length != Leaf.SaltLength => "The salt has not 16 bytes.",
        _ when Signature.Length != Ed25519.SignatureLength => "The signature has not 64 bytes.",
        _ when AuditPath.Length != Evidence.AuditPath.Count((int)(Number - BatchFirst), BatchCount) * MerkleTree.HashLength =>
            "The audit path has not the length that belongs to its place.",
        _ => null,
    };

    private static bool IsPayloadLength(SignedContent kind, int length) => kind switch
    {
        SignedContent.StreamOpen or SignedContent.StreamFinish => length == 0,
        SignedContent.StreamReset or SignedContent.StreamStop => length == sizeof(ulong),
        _ => length <= EvidenceLimits.MaxPayloadLength,
    };
}
