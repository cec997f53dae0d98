using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Session.Records;

/// <summary>
/// Encrypts one direction of a link, record after record, and replaces its key each 2^30 bytes or hour. No allocation per record. One thread
/// at a time; owns its secrets.
/// </summary>
internal sealed class RecordSealer : IDisposable
{
    /// <summary>A key that is older than this is replaced with the next record. Ours.</summary>
    internal static readonly TimeSpan MaxKeyAge = TimeSpan.FromHours(1);

    private readonly RecordKey _key;
    private Instant _keySince;
    private bool _disposed;

    /// <param name="suite">The suite that the handshake selected.</param>
    /// <param name="secret">The first traffic secret, <see cref="RecordKey.SecretLength"/> bytes, copied.</param>
    /// <param name="now">When the key began to be used.</param>
    internal RecordSealer(RecordSuite suite, ReadOnlySpan<byte> secret, Instant now)
    {
        _key = new RecordKey(suite, secret);
        _keySince = now;
    }

    /// <summary>How often the key was replaced.</summary>
    internal ulong KeyGeneration => _key.Generation;

    /// <summary>Bytes that sealing adds: header and tag.</summary>
    internal static int Overhead(RecordSuite suite) => RecordHeader.Length + RecordKey.TagLengthOf(suite);

    /// <summary>Longest plaintext of one record.</summary>
    internal static int MaxPlaintext(RecordSuite suite) => RecordHeader.MaxDataLength - RecordKey.TagLengthOf(suite);

    /// <summary>
    /// Writes a whole wire unit, header first, and returns its length: plaintext + <see cref="Overhead"/>. The plaintext may lie where its
    /// ciphertext goes (<c>destination[4..]</c>); any other overlap is a bug.
    /// </summary>
    internal int Seal(ReadOnlySpan<byte> plaintext, Span<byte> destination, Instant now)
    {
        var body = Begin(plaintext.Length, destination, now, out var isLast);
        _key.Encrypt(destination[..RecordHeader.Length], plaintext, body);
        return End(body.Length, isLast, now);
    }

    /// <summary>The same of a plaintext that lies where its ciphertext goes, but for what is lent to it.</summary>
    /// <param name="length">The plaintext's length.</param>
    /// <param name="lent">What is missing in it.</param>
    /// <param name="destination">Header, plaintext, room for the tag.</param>
    /// <param name="now">Now.</param>
    internal int Seal(int length, LentPayloads lent, Span<byte> destination, Instant now)
    {
        var body = Begin(length, destination, now, out var isLast);
        _key.Encrypt(destination[..RecordHeader.Length], lent, body);
        return End(body.Length, isLast, now);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _key.Dispose();
    }

    /// <summary>Writes the header, which in place overwrites nothing: the plaintext starts behind it.</summary>
    private Span<byte> Begin(int plaintextLength, Span<byte> destination, Instant now, out bool isLast)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var bodyLength = plaintextLength + _key.TagLength;
        isLast = _key.Bytes + Math.Max(plaintextLength, 1) >= RecordKey.MaxBytes || now - _keySince >= MaxKeyAge;
        new RecordHeader(isLast ? RecordType.DataThenUpdate : RecordType.Data, bodyLength).Write(destination);
        return destination.Slice(RecordHeader.Length, bodyLength);
    }

    private int End(int bodyLength, bool isLast, Instant now)
    {
        if (isLast)
        {
            _key.Update();
            _keySince = now;
        }

        return RecordHeader.Length + bodyLength;
    }
}
