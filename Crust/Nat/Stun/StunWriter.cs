using System.Buffers.Binary;
using System.Text;
using Crust.Cryptography;
using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// Writes a STUN message (RFC 8489 §5, §14) into its caller's buffer, which is whole after every call. Running out of room is a bug and throws; <see cref="StunHeader.MaxMessageLength"/>
/// bytes are always enough. Padding is zero. Order is the caller's: integrity after everything else, FINGERPRINT last.
/// </summary>
internal ref struct StunWriter
{
    private readonly Span<byte> _buffer;

    /// <summary>Begins a Binding message.</summary>
    internal StunWriter(Span<byte> buffer, StunClass @class, StunTransactionId transaction)
    {
        _buffer = buffer;
        StunHeader.Write(buffer, @class, StunHeader.Binding, transaction);
        Length = StunHeader.Length;
    }

    /// <summary>Bytes of the message so far.</summary>
    internal int Length { get; private set; }

    internal readonly ReadOnlySpan<byte> Written => _buffer[..Length];

    private readonly StunTransactionId Transaction => StunHeader.TransactionOf(_buffer);

    /// <summary>Adds an attribute with any value.</summary>
    internal void Add(StunAttribute attribute, ReadOnlySpan<byte> value) => value.CopyTo(Reserve(attribute, value.Length));

    /// <summary>Adds an attribute without a value: USE-CANDIDATE.</summary>
    internal void Add(StunAttribute attribute) => Reserve(attribute, 0);

    /// <summary>Adds an attribute that is a number of four bytes: PRIORITY.</summary>
    internal void Add(StunAttribute attribute, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(attribute, sizeof(uint)), value);

    /// <summary>Adds an attribute that is an address; of these only XOR-MAPPED-ADDRESS is XORed.</summary>
    internal void Add(StunAttribute attribute, TransportAddress address) =>
        StunAddress.Write(Reserve(attribute, StunAddress.LengthOf(address)), address, attribute == StunAttribute.XorMappedAddress, Transaction);

    /// <summary>CHANGE-REQUEST (RFC 5780 §7.2).</summary>
    internal void AddChangeRequest(StunChange change) => Add(StunAttribute.ChangeRequest, (uint)change);

    /// <summary>RESPONSE-PORT (RFC 5780 §7.5).</summary>
    internal void AddResponsePort(ushort port) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(StunAttribute.ResponsePort, sizeof(ushort)), port);

    /// <summary>ERROR-CODE (RFC 8489 §14.8): a code of 300 to 699 and a reason for people.</summary>
    internal void AddErrorCode(int code, ReadOnlySpan<char> reason)
    {
        var value = Reserve(StunAttribute.ErrorCode, 4 + Encoding.UTF8.GetByteCount(reason));
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        Encoding.UTF8.GetBytes(reason, value[4..]);
    }

    /// <summary>UNKNOWN-ATTRIBUTES (RFC 8489 §14.9).</summary>
    internal void AddUnknownAttributes(ReadOnlySpan<ushort> types)
    {
        var value = Reserve(StunAttribute.UnknownAttributes, types.Length * sizeof(ushort));
        foreach (var type in types)
        {
            BinaryPrimitives.WriteUInt16BigEndian(value, type);
            value = value[sizeof(ushort)..];
        }
    }

    /// <summary>MESSAGE-INTEGRITY (RFC 8489 §14.5): HMAC-SHA1 over everything before it.</summary>
    internal void AddIntegrity(ReadOnlySpan<byte> key)
    {
        var before = Length;
        var mac = Reserve(StunAttribute.MessageIntegrity, HmacSha1.HashLength);
        HmacSha1.Compute(key, _buffer[..before], default, mac);
    }

    /// <summary>MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6), whole.</summary>
    internal void AddIntegritySha256(ReadOnlySpan<byte> key)
    {
        var before = Length;
        var mac = Reserve(StunAttribute.MessageIntegritySha256, HmacSha256.HashLength);
        HmacSha256.Compute(key, _buffer[..before], default, mac);
    }

    /// <summary>FINGERPRINT (RFC 8489 §14.7).</summary>
    internal void AddFingerprint()
    {
        var before = Length;
        var value = Reserve(StunAttribute.Fingerprint, sizeof(uint));
        BinaryPrimitives.WriteUInt32BigEndian(value, StunMessage.Fingerprint(_buffer[..before]));
    }

    /// <summary>Room for a value, zeroed with its padding; the header's length counts it.</summary>
    private Span<byte> Reserve(StunAttribute attribute, int length)
    {
        var padded = StunMessage.Padded(length);
        var span = _buffer.Slice(Length, StunMessage.AttributeHeaderLength + padded);
        BinaryPrimitives.WriteUInt16BigEndian(span, (ushort)attribute);
        BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)length);
        span[StunMessage.AttributeHeaderLength..].Clear();
        Length += span.Length;
        StunHeader.SetBodyLength(_buffer, Length - StunHeader.Length);
        return span.Slice(StunMessage.AttributeHeaderLength, length);
    }
}
