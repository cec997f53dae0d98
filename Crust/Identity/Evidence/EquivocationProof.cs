using System.Diagnostics.CodeAnalysis;
using System.Text;
using Crust.Wire;

namespace Crust.Identity.Evidence;

/// <summary>
/// Two signed messages of one sender that cannot both belong to one honest session: proof, for anyone and by its content alone, that the sender said two
/// things in one place, or that its key or its process was copied. Immutable and thread safe.
/// </summary>
/// <remarks>
/// <para>
/// An honest sender signs each number of a session once, in one chain of statements whose ranges follow one another; resends are the same bytes. So two
/// verified messages with the same network, sender and session id prove, in this order: <see cref="EquivocationGround.TwoContents"/> when their
/// numbers are equal and their leaves differ, in any field that is signed, salt included; else <see cref="EquivocationGround.TwoStatements"/> when their statements' bodies
/// differ and cover a common number: above all the same first number with another count, root, time, receiver or statement before. Nothing
/// is proven by two sessions, by statements without a common number (a chain can only be compared where both are shown), or by two signatures over the same statement.
/// </para>
/// <para>
/// Binary: <c>8C "crust" (6) ‖ 'e' ‖ version u8 = 1 ‖ length u32 ‖ message ‖ length u32 ‖ message</c>, each in the binary form of
/// <see cref="SignedMessage"/>. JSON: <c>{ "type": "crust equivocation proof", "version": 1, "first": {…}, "second": {…} }</c>, each in its JSON form.
/// </para>
/// </remarks>
public sealed class EquivocationProof
{
    /// <summary>Longest binary form, in bytes.</summary>
    public const int MaxLength = EvidenceFormat.HeadLength + (sizeof(uint) + SignedMessage.MaxLength) * 2;

    /// <summary>Longest JSON form, in bytes of UTF-8.</summary>
    public const int MaxJsonLength = SignedMessage.MaxJsonLength * 2 + 1024;

    private const string Name = "an equivocation proof";

    internal EquivocationProof(SignedMessage first, SignedMessage second) => (First, Second) = (first, second);

    /// <summary>One of the two.</summary>
    public SignedMessage First { get; }

    /// <summary>The other.</summary>
    public SignedMessage Second { get; }

    /// <summary>Why they contradict each other, their signatures left aside.</summary>
    public EquivocationGround Ground => Compare(First, Second);

    /// <summary>Makes a proof of two messages; false when a signature is not good, or they do not contradict each other.</summary>
    public static bool TryCreate(SignedMessage first, SignedMessage second, [NotNullWhen(true)] out EquivocationProof? proof)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        proof = new EquivocationProof(first, second);
        if (!proof.Verify())
            proof = null;
        return proof is not null;
    }

    /// <summary>Parses either form and verifies it.</summary>
    /// <returns>False for anything malformed, badly signed, or without contradiction.</returns>
    public static bool TryVerify(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out EquivocationProof? proof)
    {
        if (TryParse(encoded, out proof) && proof.Verify())
            return true;
        proof = null;
        return false;
    }

    /// <summary>Parses the binary form or the UTF-8 of the JSON form; whether it proves anything is <see cref="Verify"/>'s question.</summary>
    public static bool TryParse(ReadOnlySpan<byte> encoded, [NotNullWhen(true)] out EquivocationProof? proof)
    {
        proof = Read(encoded, out _);
        return proof is not null;
    }

    /// <summary>Parses the JSON form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? json, [NotNullWhen(true)] out EquivocationProof? proof)
    {
        proof = null;
        return json?.Length <= MaxJsonLength && TryParse(Encoding.UTF8.GetBytes(json), out proof);
    }

    /// <summary>Parses the binary form or the UTF-8 of the JSON form.</summary>
    /// <exception cref="FormatException">It is not an equivocation proof; the message says why.</exception>
    public static EquivocationProof Parse(ReadOnlySpan<byte> encoded) => Read(encoded, out var fault) ?? throw new FormatException(fault);

    /// <summary>Parses the JSON form.</summary>
    /// <exception cref="FormatException">It is not an equivocation proof; the message says why.</exception>
    public static EquivocationProof Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return json.Length <= MaxJsonLength ? Parse(Encoding.UTF8.GetBytes(json)) : throw new FormatException(EvidenceFormat.TooLong);
    }

    /// <summary>True when both messages are signed by their sender and contradict each other.</summary>
    public bool Verify() => Ground != EquivocationGround.None && First.Verify() && Second.Verify();

    /// <summary>The binary form.</summary>
    public byte[] ToBytes()
    {
        var (first, second) = (SignedMessageCodec.Length(First), SignedMessageCodec.Length(Second));
        var bytes = new byte[EvidenceFormat.HeadLength + sizeof(uint) * 2 + first + second];
        var writer = new SpanWriter(bytes);
        EvidenceFormat.WriteHead(ref writer, EvidenceFormat.Equivocation);
        writer.WriteUInt32((uint)first);
        SignedMessageCodec.Write(First, ref writer);
        writer.WriteUInt32((uint)second);
        SignedMessageCodec.Write(Second, ref writer);
        return bytes;
    }

    /// <summary>The JSON form, indented.</summary>
    public string ToJson() => EvidenceJson.Write(this);

    /// <summary>Parses either form; null with a sentence that says why not.</summary>
    internal static EquivocationProof? Read(ReadOnlySpan<byte> encoded, out string? fault)
    {
        if (EvidenceFormat.IsJson(encoded))
            return EvidenceJson.ReadProof(encoded, out fault);
        var reader = new SpanReader(encoded);
        fault = EvidenceFormat.ReadHead(ref reader, EvidenceFormat.Equivocation, Name);
        if (fault is not null || !TryReadMessage(ref reader, out var first, ref fault) || !TryReadMessage(ref reader, out var second, ref fault))
            return null;
        if (reader.IsAtEnd)
            return new EquivocationProof(first, second);
        fault = "Something follows it.";
        return null;
    }

    private static bool TryReadMessage(ref SpanReader reader, [NotNullWhen(true)] out SignedMessage? message, ref string? fault)
    {
        message = null;
        if (!reader.TryReadUInt32(out var length) || length > SignedMessage.MaxLength || !reader.TryReadBytes((int)length, out var bytes))
            fault = EvidenceFormat.CutOff;
        else
            message = SignedMessageCodec.Read(bytes, out fault);
        return message is not null;
    }

    private static EquivocationGround Compare(SignedMessage a, SignedMessage b)
    {
        if (a.Network != b.Network || a.Sender != b.Sender || !a.SessionId.Span.SequenceEqual(b.SessionId.Span))
            return EquivocationGround.None;
        if (a.Number == b.Number && !a.LeafHash().AsSpan().SequenceEqual(b.LeafHash()))
            return EquivocationGround.TwoContents;
        var haveCommonNumber = a.BatchFirst < b.BatchFirst + (ulong)b.BatchCount && b.BatchFirst < a.BatchFirst + (ulong)a.BatchCount;
        return haveCommonNumber && a.StatementBody() is { } bodyA && b.StatementBody() is { } bodyB && !bodyA.AsSpan().SequenceEqual(bodyB)
            ? EquivocationGround.TwoStatements
            : EquivocationGround.None;
    }
}
