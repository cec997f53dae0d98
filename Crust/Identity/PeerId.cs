using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Crust.Cryptography;
using SimpleBase;

namespace Crust.Identity;

/// <summary>
/// The name of a peer: its Ed25519 public key (32 bytes, RFC 8032 §5.1.5), written in z-base-32 (52 characters of <c>a-z1-9</c>). Only
/// canonical encodings of points of prime order are accepted. <c>default</c> is no peer.
/// </summary>
public readonly record struct PeerId : ISpanParsable<PeerId>, ISpanFormattable, IComparable<PeerId>
{
    /// <summary>Bytes in a peer id.</summary>
    public const int ByteLength = 32;

    /// <summary>Characters in a peer id's text form.</summary>
    public const int TextLength = 52;

    private static readonly System.Buffers.SearchValues<char> Alphabet = System.Buffers.SearchValues.Create("ybndrfg8ejkmcpqxot1uwisza345h769");

    private readonly ulong _first, _second, _third, _fourth;

    private PeerId(ReadOnlySpan<byte> bytes)
    {
        _first = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _second = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _third = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _fourth = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Takes a public key; false when it is not 32 bytes, not canonical, not on the curve, or not of prime order.</summary>
    public static bool TryFromBytes(ReadOnlySpan<byte> bytes, out PeerId peerId)
    {
        var valid = Ed25519.IsValidPublicKey(bytes);
        peerId = valid ? new PeerId(bytes) : default;
        return valid;
    }

    /// <summary>Takes 32 bytes that passed <see cref="TryFromBytes"/> before: from our own storage or another part of the cluster. Skips the curve arithmetic.</summary>
    /// <exception cref="ArgumentException">There are not 32 bytes.</exception>
    public static PeerId FromTrustedBytes(ReadOnlySpan<byte> bytes)
    {
        Lengths.Require(bytes, ByteLength);
        return new PeerId(bytes);
    }

    /// <summary>Writes the 32 bytes of the public key.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _first);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _second);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _third);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _fourth);
    }

    /// <summary>The 32 bytes of the public key.</summary>
    public byte[] ToByteArray()
    {
        var bytes = new byte[ByteLength];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Parses the text form.</summary>
    /// <exception cref="FormatException">The text is not a peer id.</exception>
    public static PeerId Parse(string s) => Parse(s.AsSpan(), null);

    /// <inheritdoc cref="Parse(string)"/>
    public static PeerId Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    /// <inheritdoc cref="Parse(string)"/>
    public static PeerId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{s}' is not a peer id: {TextLength} characters of z-base-32 that name an Ed25519 public key.");

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out PeerId result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out PeerId)"/>
    public static bool TryParse(ReadOnlySpan<char> s, out PeerId result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out PeerId result)
    {
        result = default;
        // The decoder throws on some characters that it does not know, DEL among them.
        if (s.Length != TextLength || s.ContainsAnyExcept(Alphabet))
            return false;
        Span<byte> bytes = stackalloc byte[ByteLength + 1];
        // 52 characters hold 260 bits: the four spare ones must be zero, or two texts would name one peer.
        return Base32.ZBase32.TryDecode(s, bytes, out var written)
            && written >= ByteLength
            && Base32.ZBase32.Encode(bytes[..ByteLength]).AsSpan().SequenceEqual(s)
            && TryFromBytes(bytes[..ByteLength], out result);
    }

    /// <summary>The text form, 52 characters of z-base-32.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[ByteLength];
        CopyTo(bytes);
        return Base32.ZBase32.Encode(bytes);
    }

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToString();

    /// <inheritdoc/>
    public bool TryFormat(Span<char> destination, out int charsWritten, ReadOnlySpan<char> format, IFormatProvider? provider)
    {
        charsWritten = 0;
        if (destination.Length < TextLength)
            return false;
        ToString().CopyTo(destination);
        charsWritten = TextLength;
        return true;
    }

    /// <summary>The first eight characters, for logs and progress lines; not unique.</summary>
    public string ToShortString() => ToString()[..8];

    /// <summary>Orders by the bytes of the key. The lower of two peers leads where one must.</summary>
    public int CompareTo(PeerId other)
    {
        var order = _first.CompareTo(other._first);
        if (order == 0)
            order = _second.CompareTo(other._second);
        if (order == 0)
            order = _third.CompareTo(other._third);
        return order == 0 ? _fourth.CompareTo(other._fourth) : order;
    }

    public static bool operator <(PeerId left, PeerId right) => left.CompareTo(right) < 0;

    public static bool operator >(PeerId left, PeerId right) => left.CompareTo(right) > 0;

    public static bool operator <=(PeerId left, PeerId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(PeerId left, PeerId right) => left.CompareTo(right) >= 0;
}
