namespace Crust.Session.Records;

/// <summary>
/// The header of a wire unit on a byte-stream link: <c>type u8 ‖ length u24</c>, big endian, then <c>length</c> bytes of body. For records
/// it is the associated data.
/// </summary>
/// <param name="Type">What the body is.</param>
/// <param name="BodyLength">
/// Bytes of the body: 1 to <see cref="MaxHandshakeLength"/> of a handshake message; of a record 16 to <see cref="MaxDataLength"/>, tag included.
/// </param>
internal readonly record struct RecordHeader(RecordType Type, int BodyLength)
{
    /// <summary>Bytes of a header.</summary>
    internal const int Length = 4;

    /// <summary>Longest handshake message. Ours: both of ours fit twice over, and little memory waits for an unproven peer.</summary>
    internal const int MaxHandshakeLength = 4096;

    /// <summary>Longest record body, tag included: 2^16 − 1.</summary>
    internal const int MaxDataLength = 65535;

    /// <summary>The shortest tag of any suite.</summary>
    private const int MinDataLength = 16;

    /// <summary>True for a handshake message, false for a record.</summary>
    internal bool IsHandshake => Type is RecordType.HandshakeMessage1 or RecordType.HandshakeMessage2;

    /// <summary>True for an encrypted record of a possible length.</summary>
    internal bool IsRecord => IsValid && !IsHandshake;

    /// <summary>Parses the first <see cref="Length"/> bytes, which must be there; false means that the peer broke the protocol.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, out RecordHeader header)
    {
        header = new RecordHeader((RecordType)source[0], (source[1] << 16) | (source[2] << 8) | source[3]);
        return header.IsValid;
    }

    /// <summary>Writes <see cref="Length"/> bytes.</summary>
    internal void Write(Span<byte> destination)
    {
        if (!IsValid)
            throw new InvalidOperationException($"No wire unit has type {Type} and {BodyLength} bytes.");
        destination[3] = (byte)(BodyLength & 0xFF);
        destination[2] = (byte)((BodyLength >> 8) & 0xFF);
        destination[1] = (byte)(BodyLength >> 16);
        destination[0] = (byte)Type;
    }

    private bool IsValid => Type switch
    {
        RecordType.HandshakeMessage1 or RecordType.HandshakeMessage2 => BodyLength is >= 1 and <= MaxHandshakeLength,
        RecordType.Data or RecordType.DataThenUpdate => BodyLength is >= MinDataLength and <= MaxDataLength,
        _ => false,
    };
}
