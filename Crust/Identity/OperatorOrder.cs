using System.Globalization;
using System.Text;
using Crust.Cryptography;
using Crust.Wire;

namespace Crust.Identity;

/// <summary>
/// An operator's signed word on who may attach and which gateway takes peers. Body: <c>operator (32) ‖ number u64 ‖ time u64 ‖ kind u8 ‖ subject (32) ‖ reason length u8 ‖ reason</c>, then
/// the signature (64) of the <see cref="Statement"/>, which binds the network: 146 to 346 bytes. Whether the operator is one, its number new and its time near are the reader's questions.
/// </summary>
/// <param name="Operator">Who orders.</param>
/// <param name="Number">Rises with each order of an operator: what was ordered before does not come back.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
/// <param name="Kind">What is ordered.</param>
/// <param name="Subject">The peer, or with <see cref="OrderKind.Drain"/> and <see cref="OrderKind.Undrain"/> the gateway.</param>
/// <param name="Reason">For the audit: at most 200 bytes of printable UTF-8, may be empty. Peers are not told.</param>
internal sealed record OperatorOrder(PeerId Operator, ulong Number, ulong UnixMilliseconds, OrderKind Kind, PeerId Subject, string Reason)
{
    /// <summary>Longest reason, in bytes of UTF-8. Ours: a sentence and a ticket's number.</summary>
    internal const int MaxReasonLength = 200;

    /// <summary>Bytes of the longest signed order.</summary>
    internal const int MaxSignedLength = HeadLength + MaxReasonLength + Ed25519.SignatureLength;

    /// <summary>Bytes of the body before the reason.</summary>
    private const int HeadLength = PeerId.ByteLength + sizeof(ulong) + sizeof(ulong) + 1 + PeerId.ByteLength + 1;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The next number after one that was used: the time, so that an operator needs to remember nothing, but never the same or a lower one.</summary>
    internal static ulong NextNumber(ulong last, DateTimeOffset now) => Math.Max(checked(last + 1), (ulong)now.ToUnixTimeMilliseconds());

    /// <summary>True for what may be a reason: printable, no line breaks, nothing that turns the direction of a line, and not too long.</summary>
    internal static bool IsReason(string text) =>
        text.Length <= MaxReasonLength && text.EnumerateRunes().All(IsPrintable) && Encoding.UTF8.GetByteCount(text) <= MaxReasonLength && !text.Contains('\uFFFD', StringComparison.Ordinal);

    /// <summary>Signs an order of the identity.</summary>
    /// <exception cref="ArgumentException">The reason is none, by <see cref="IsReason"/>.</exception>
    internal static byte[] Sign(PeerIdentity operatorIdentity, NetworkId network, ulong number, DateTimeOffset now, OrderKind kind, PeerId subject, string reason)
    {
        if (!IsReason(reason))
            throw new ArgumentException($"A reason has at most {MaxReasonLength} bytes, all printable.", nameof(reason));
        var words = Utf8.GetBytes(reason);
        var bodyLength = HeadLength + words.Length;
        var signed = new byte[bodyLength + Ed25519.SignatureLength];
        var writer = new SpanWriter(signed);
        operatorIdentity.Id.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(number);
        writer.WriteUInt64((ulong)now.ToUnixTimeMilliseconds());
        writer.WriteByte((byte)kind);
        subject.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteByte((byte)words.Length);
        writer.WriteBytes(words);
        writer.WriteBytes(Statement.Sign(operatorIdentity, Statement.OrderContext, network, signed.AsSpan(0, bodyLength)));
        return signed;
    }

    /// <summary>Parses an order and verifies that the operator it names signed it for this network.</summary>
    internal static bool TryVerify(ReadOnlySpan<byte> signed, NetworkId network, out OperatorOrder? order) =>
        TryParse(signed, out order) && Verifies(order!.Operator, signed, network, ref order);

    /// <summary>Parses an order without looking at its signature: for what was verified when it was stored, and to ask first whether its operator is one.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> signed, out OperatorOrder? order)
    {
        order = null;
        var reader = new SpanReader(signed);
        if (!reader.TryReadBytes(PeerId.ByteLength, out var operatorBytes)
            || !reader.TryReadUInt64(out var number)
            || !reader.TryReadUInt64(out var time)
            || !reader.TryReadByte(out var kind) || kind is < (byte)OrderKind.Ban or > (byte)OrderKind.Undrain
            || !reader.TryReadBytes(PeerId.ByteLength, out var subjectBytes)
            || !reader.TryReadByte(out var reasonLength) || reasonLength > MaxReasonLength
            || !reader.TryReadBytes(reasonLength, out var words)
            || reader.Rest.Length != Ed25519.SignatureLength
            || !TryReadReason(words, out var reason)
            || !PeerId.TryFromBytes(operatorBytes, out var operatorId)
            || !PeerId.TryFromBytes(subjectBytes, out var subject))
            return false;
        order = new OperatorOrder(operatorId, number, time, (OrderKind)kind, subject, reason);
        return true;
    }

    /// <summary>True when it was signed within <see cref="Attachment.ClockTolerance"/> of <paramref name="now"/>.</summary>
    internal bool IsFresh(DateTimeOffset now) =>
        Math.Abs((double)UnixMilliseconds - now.ToUnixTimeMilliseconds()) <= Attachment.ClockTolerance.TotalMilliseconds;

    private static bool Verifies(PeerId operatorId, ReadOnlySpan<byte> signed, NetworkId network, ref OperatorOrder? order)
    {
        if (Statement.Verify(operatorId, Statement.OrderContext, network, signed[..^Ed25519.SignatureLength], signed[^Ed25519.SignatureLength..]))
            return true;
        order = null;
        return false;
    }

    private static bool TryReadReason(ReadOnlySpan<byte> words, out string reason)
    {
        reason = System.Text.Unicode.Utf8.IsValid(words) ? Encoding.UTF8.GetString(words) : "\n";
        return IsReason(reason);
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate);
}
