using System.Buffers.Binary;
using Crust.Cryptography;
using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// A received STUN message (RFC 8489 §5, §14), read in place; it lives as long as the bytes do. <see cref="TryParse"/> walks the whole message
/// once, so that every getter afterwards meets sound attributes; a wrong FINGERPRINT is no message. What authenticates it is the caller's to
/// ask for: <see cref="HasIntegrity"/> and <see cref="HasIntegritySha256"/>. Attributes behind an integrity attribute, except those of §14.5 and §14.6, are ignored.
/// </summary>
internal readonly ref struct StunMessage
{
    /// <summary>Most attributes of a message. Ours: what we have to do with has ten.</summary>
    internal const int MaxAttributes = 32;

    /// <summary>Type(2) and length(2) in front of an attribute's value.</summary>
    internal const int AttributeHeaderLength = 4;

    /// <summary>USERNAME has fewer than 509 bytes (RFC 8489 §14.3).</summary>
    internal const int MaxUsernameLength = 508;

    private const uint FingerprintMask = 0x5354554E;

    private readonly ReadOnlySpan<byte> _message;

    /// <summary>Where the attributes that count end: at the first integrity attribute's beginning, if there is one.</summary>
    private readonly int _end;
    private readonly int _integrity;
    private readonly int _integritySha256;

    private StunMessage(ReadOnlySpan<byte> message, int end, int integrity, int integritySha256, bool hasFingerprint)
    {
        _message = message;
        _end = end;
        _integrity = integrity;
        _integritySha256 = integritySha256;
        HasFingerprint = hasFingerprint;
    }

    internal StunClass Class => StunHeader.ClassOf(StunHeader.TypeOf(_message));

    internal ushort Method => StunHeader.MethodOf(StunHeader.TypeOf(_message));

    internal StunTransactionId Transaction => StunHeader.TransactionOf(_message);

    /// <summary>Bytes of the whole message.</summary>
    internal int Length => _message.Length;

    /// <summary>A FINGERPRINT stood at the end, and was right.</summary>
    internal bool HasFingerprint { get; }

    /// <summary>Reads a message that fills the span. False for anything else, also when its FINGERPRINT is wrong.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> bytes, out StunMessage message)
    {
        message = default;
        if (!StunHeader.TryGetMessageLength(bytes, out var length) || length != bytes.Length)
            return false;
        int integrity = 0, integritySha256 = 0, end = length, count = 0;
        for (var offset = StunHeader.Length; offset < length; count++)
        {
            if (length - offset < AttributeHeaderLength || count == MaxAttributes)
                return false;
            var type = (StunAttribute)BinaryPrimitives.ReadUInt16BigEndian(bytes[offset..]);
            var valueLength = BinaryPrimitives.ReadUInt16BigEndian(bytes[(offset + 2)..]);
            var next = offset + AttributeHeaderLength + Padded(valueLength);
            if (next > length)
                return false;
            switch (type)
            {
                case StunAttribute.MessageIntegrity when integrity == 0 && integritySha256 == 0:
                    if (valueLength != HmacSha1.HashLength)
                        return false;
                    integrity = offset;
                    end = Math.Min(end, offset);
                    break;
                case StunAttribute.MessageIntegritySha256 when integritySha256 == 0:
                    // A truncated one (§14.6) is as good as absent: half a proof is not asked for.
                    if (valueLength is < 16 or > HmacSha256.HashLength || valueLength % 4 != 0)
                        return false;
                    integritySha256 = offset;
                    end = Math.Min(end, offset);
                    break;
                case StunAttribute.Fingerprint:
                    // The last one, where it is (§14.7).
                    if (valueLength != sizeof(uint) || next != length
                        || BinaryPrimitives.ReadUInt32BigEndian(bytes[(offset + AttributeHeaderLength)..]) != Fingerprint(bytes[..offset]))
                        return false;
                    message = new StunMessage(bytes, Math.Min(end, offset), integrity, integritySha256, hasFingerprint: true);
                    return true;
                default:
                    break;
            }

            offset = next;
        }

        message = new StunMessage(bytes, end, integrity, integritySha256, hasFingerprint: false);
        return true;
    }

    /// <summary>The value of the first attribute of this type.</summary>
    internal bool TryGet(StunAttribute attribute, out ReadOnlySpan<byte> value)
    {
        for (var offset = StunHeader.Length; offset < _end;)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(_message[(offset + 2)..]);
            if ((StunAttribute)BinaryPrimitives.ReadUInt16BigEndian(_message[offset..]) == attribute)
            {
                value = _message.Slice(offset + AttributeHeaderLength, length);
                return true;
            }

            offset += AttributeHeaderLength + Padded(length);
        }

        value = default;
        return false;
    }

    internal bool Has(StunAttribute attribute) => TryGet(attribute, out _);

    /// <summary>Where the server saw the request come from: XOR-MAPPED-ADDRESS, or MAPPED-ADDRESS of an older server.</summary>
    internal bool TryGetMappedAddress(out TransportAddress address) =>
        TryGetAddress(StunAttribute.XorMappedAddress, out address) || TryGetAddress(StunAttribute.MappedAddress, out address);

    /// <summary>An attribute that is an address; of these only XOR-MAPPED-ADDRESS is XORed.</summary>
    internal bool TryGetAddress(StunAttribute attribute, out TransportAddress address)
    {
        address = default;
        return TryGet(attribute, out var value) && StunAddress.TryRead(value, attribute == StunAttribute.XorMappedAddress, Transaction, out address);
    }

    /// <summary>USERNAME; false also when it is longer than the specification allows.</summary>
    internal bool TryGetUsername(out ReadOnlySpan<byte> username) =>
        TryGet(StunAttribute.Username, out username) && username.Length <= MaxUsernameLength;

    /// <summary>PRIORITY (RFC 8445 §16.1).</summary>
    internal bool TryGetPriority(out uint priority) => TryGetUInt32(StunAttribute.Priority, out priority);

    /// <summary>CHANGE-REQUEST (RFC 5780 §7.2); bits other than its flags are ignored.</summary>
    internal bool TryGetChangeRequest(out StunChange change)
    {
        var found = TryGetUInt32(StunAttribute.ChangeRequest, out var bits);
        change = (StunChange)bits & (StunChange.Address | StunChange.Port);
        return found;
    }

    /// <summary>RESPONSE-PORT (RFC 5780 §7.5).</summary>
    internal bool TryGetResponsePort(out ushort port)
    {
        port = 0;
        // Two bytes and padding; some count the padding as well.
        return TryGet(StunAttribute.ResponsePort, out var value) && value.Length is 2 or 4 && BinaryPrimitives.TryReadUInt16BigEndian(value, out port) && port != 0;
    }

    /// <summary>ERROR-CODE (RFC 8489 §14.8), 300 to 699.</summary>
    internal bool TryGetErrorCode(out int code)
    {
        code = 0;
        if (!TryGet(StunAttribute.ErrorCode, out var value) || value.Length < 4 || (value[2] & 7) is < 3 or > 6 || value[3] > 99)
            return false;
        code = (value[2] & 7) * 100 + value[3];
        return true;
    }

    /// <summary>
    /// Types below <c>0x8000</c> that nobody here knows, for UNKNOWN-ATTRIBUTES (RFC 8489 §6.3.1): as many as fit are written; the result counts
    /// those.
    /// </summary>
    internal int GetUnknown(Span<ushort> unknown)
    {
        var count = 0;
        for (var offset = StunHeader.Length; offset < _end && count < unknown.Length;)
        {
            var type = BinaryPrimitives.ReadUInt16BigEndian(_message[offset..]);
            if (type < 0x8000 && !IsKnown((StunAttribute)type) && !unknown[..count].Contains(type))
                unknown[count++] = type;
            offset += AttributeHeaderLength + Padded(BinaryPrimitives.ReadUInt16BigEndian(_message[(offset + 2)..]));
        }

        return count;
    }

    /// <summary>Whether MESSAGE-INTEGRITY (RFC 8489 §14.5, HMAC-SHA1) is there and right.</summary>
    internal bool HasIntegrity(ReadOnlySpan<byte> key)
    {
        if (_integrity == 0)
            return false;
        Span<byte> mac = stackalloc byte[HmacSha1.HashLength];
        Span<byte> header = stackalloc byte[StunHeader.Length];
        HashedHeader(header, _integrity, HmacSha1.HashLength);
        HmacSha1.Compute(key, header, _message[StunHeader.Length.._integrity], mac);
        return Secrets.FixedTimeEquals(mac, _message.Slice(_integrity + AttributeHeaderLength, HmacSha1.HashLength));
    }

    /// <summary>Whether MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6) is there, whole, and right.</summary>
    internal bool HasIntegritySha256(ReadOnlySpan<byte> key)
    {
        if (_integritySha256 == 0 || BinaryPrimitives.ReadUInt16BigEndian(_message[(_integritySha256 + 2)..]) != HmacSha256.HashLength)
            return false;
        Span<byte> mac = stackalloc byte[HmacSha256.HashLength];
        Span<byte> header = stackalloc byte[StunHeader.Length];
        HashedHeader(header, _integritySha256, HmacSha256.HashLength);
        HmacSha256.Compute(key, header, _message[StunHeader.Length.._integritySha256], mac);
        return Secrets.FixedTimeEquals(mac, _message.Slice(_integritySha256 + AttributeHeaderLength, HmacSha256.HashLength));
    }

    /// <summary>The value of FINGERPRINT behind these bytes, whose header counts it already (RFC 8489 §14.7).</summary>
    internal static uint Fingerprint(ReadOnlySpan<byte> before) => Crc32.Compute(before) ^ FingerprintMask;

    /// <summary>An attribute's value fills a multiple of 4 bytes.</summary>
    internal static int Padded(int length) => (length + 3) & ~3;

    private static bool IsKnown(StunAttribute attribute) => attribute is StunAttribute.MappedAddress or StunAttribute.ChangeRequest
        or StunAttribute.Username or StunAttribute.MessageIntegrity or StunAttribute.ErrorCode or StunAttribute.UnknownAttributes or StunAttribute.Realm
        or StunAttribute.Nonce or StunAttribute.MessageIntegritySha256 or StunAttribute.PasswordAlgorithm or StunAttribute.UserHash
        or StunAttribute.XorMappedAddress or StunAttribute.Priority or StunAttribute.UseCandidate or StunAttribute.Padding or StunAttribute.ResponsePort;

    private bool TryGetUInt32(StunAttribute attribute, out uint value)
    {
        value = 0;
        return TryGet(attribute, out var bytes) && bytes.Length == sizeof(uint) && BinaryPrimitives.TryReadUInt32BigEndian(bytes, out value);
    }

    /// <summary>The header as it was when the attribute at this place was the last one.</summary>
    private void HashedHeader(Span<byte> header, int attribute, int valueLength)
    {
        _message[..StunHeader.Length].CopyTo(header);
        StunHeader.SetBodyLength(header, attribute + AttributeHeaderLength + valueLength - StunHeader.Length);
    }
}
