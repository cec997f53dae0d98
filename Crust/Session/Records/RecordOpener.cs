namespace Crust.Session.Records;

/// <summary>
/// Decrypts one direction of a link. Records must come complete and in order: after the first that does not open, nothing opens any more,
/// and nothing says why. No allocation per record. One thread at a time; owns its secrets.
/// </summary>
internal sealed class RecordOpener : IDisposable
{
    private readonly RecordKey _key;
    private bool _failed;

    /// <param name="suite">The suite that the handshake selected.</param>
    /// <param name="secret">The first traffic secret, <see cref="RecordKey.SecretLength"/> bytes, copied.</param>
    internal RecordOpener(RecordSuite suite, ReadOnlySpan<byte> secret) => _key = new RecordKey(suite, secret);

    /// <summary>How often the key was replaced.</summary>
    internal ulong KeyGeneration => _key.Generation;

    /// <summary>
    /// Opens a record. The plaintext has room for <c>body − tag</c> bytes, or is the body's own memory from its start; any other overlap is
    /// a bug.
    /// </summary>
    /// <returns>False for anything but the next genuine record, and ever after. The plaintext then holds nothing of use.</returns>
    internal bool TryOpen(RecordHeader header, ReadOnlySpan<byte> body, Span<byte> plaintext, out int length)
    {
        length = 0;
        // A sender that ignores the limit of a key is refused like one that lies.
        if (_failed || !header.IsRecord || header.BodyLength != body.Length || body.Length < _key.TagLength || _key.Bytes >= RecordKey.MaxBytes)
            return Fail();
        Span<byte> associatedData = stackalloc byte[RecordHeader.Length];
        header.Write(associatedData);
        var plaintextLength = body.Length - _key.TagLength;
        if (!_key.TryDecrypt(associatedData, body, plaintext[..plaintextLength]))
            return Fail();
        length = plaintextLength;
        if (header.Type == RecordType.DataThenUpdate)
            _key.Update();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _failed = true;
        _key.Dispose();
    }

    private bool Fail()
    {
        Dispose();
        return false;
    }
}
