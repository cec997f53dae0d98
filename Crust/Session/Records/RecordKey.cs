using System.Buffers.Binary;
using System.Diagnostics;
using Crust.Buffers;
using Crust.Cryptography;

namespace Crust.Session.Records;

/// <summary>
/// One direction's key through its generations: a 32-byte traffic secret, the cipher key made from it, and the counter that is the nonce.
/// <c>key = HKDF-Expand(secret, "crust record key v1")</c>, <c>next secret = HKDF-Expand(secret, "crust record next v1")</c>; the old secret
/// is wiped, so that a captured key opens nothing older. The nonce is zeros and then the counter, 64 bits, big endian. Owns its secrets.
/// </summary>
internal sealed class RecordKey : IDisposable
{
    /// <summary>Bytes of a traffic secret, whatever the suite.</summary>
    internal const int SecretLength = 32;

    /// <summary>The record that reaches this many bytes under one key is the key's last. Ours: far below every suite's limit.</summary>
    internal const long MaxBytes = 1L << 30;

    private const int MaxNonceLength = Aegis256.NonceLength;

    private readonly RecordSuite _suite;
    private readonly int _keyLength;

    /// <summary>The traffic secret, then the cipher key.</summary>
    private readonly byte[] _bytes;
    private ulong _counter;

    internal RecordKey(RecordSuite suite, ReadOnlySpan<byte> secret)
    {
        Lengths.Require(secret, SecretLength);
        _suite = suite;
        _keyLength = suite == RecordSuite.Aegis128L ? Aegis128L.KeyLength : SecretLength;
        _bytes = GC.AllocateArray<byte>(SecretLength + _keyLength, pinned: true);
        TagLength = TagLengthOf(suite);
        secret.CopyTo(Secret);
        DeriveKey();
    }

    internal int TagLength { get; }

    private Span<byte> Secret => _bytes.AsSpan(0, SecretLength);

    private Span<byte> Key => _bytes.AsSpan(SecretLength, _keyLength);

    /// <summary>Bytes that passed under this key; an empty record counts as one, so that the counter cannot outrun it.</summary>
    internal long Bytes { get; private set; }

    /// <summary>How often the key was replaced.</summary>
    internal ulong Generation { get; private set; }

    internal static int TagLengthOf(RecordSuite suite) => suite switch
    {
        RecordSuite.ChaCha20Poly1305 => ChaCha20Poly1305.TagLength,
        RecordSuite.Aegis256 => Aegis256.TagLength,
        RecordSuite.Aegis128L => Aegis128L.TagLength,
        RecordSuite.Aegis256X2 => Aegis256X2.TagLength,
        _ => throw new ArgumentOutOfRangeException(nameof(suite)),
    };

    /// <summary>Encrypts a record's body: plaintext and tag.</summary>
    internal void Encrypt(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[MaxNonceLength];
        WriteNonce(nonce);
        switch (_suite)
        {
            case RecordSuite.ChaCha20Poly1305:
                ChaCha20Poly1305.Encrypt(Key, nonce[^ChaCha20Poly1305.NonceLength..], associatedData, plaintext, body);
                break;
            case RecordSuite.Aegis256:
                Aegis256.Encrypt(Key, nonce, associatedData, plaintext, body);
                break;
            case RecordSuite.Aegis256X2:
                Aegis256X2.Encrypt(Key, nonce, associatedData, plaintext, body);
                break;
            default:
                Aegis128L.Encrypt(Key, nonce[^Aegis128L.NonceLength..], associatedData, plaintext, body);
                break;
        }

        Count(plaintext.Length);
    }

    /// <summary>Encrypts a record's body that lies where its ciphertext goes, but for what is lent to it: read where it lies by the suite that is ours, copied there for the others.</summary>
    internal void Encrypt(ReadOnlySpan<byte> associatedData, LentPayloads lent, Span<byte> body)
    {
        var plaintext = body[..^TagLength];
        if (_suite != RecordSuite.Aegis256X2 || lent.Runs.IsEmpty)
        {
            lent.CopyTo(plaintext);
            Encrypt(associatedData, plaintext, body);
            return;
        }

        Span<byte> nonce = stackalloc byte[Aegis256X2.NonceLength];
        WriteNonce(nonce);
        var cipher = new Aegis256X2.Encryptor(Key, nonce, associatedData);
        var done = 0;
        foreach (ref readonly var run in lent.Runs)
        {
            // Up to a block at either end of a run shares it with something else: copied.
            var bytes = run.Bytes;
            var (first, end) = (RoundUp(run.Offset), RoundUp(run.Offset + run.Length - Aegis256X2.BlockLength + 1));
            bytes[..(first - run.Offset)].CopyTo(plaintext[run.Offset..]);
            bytes[(end - run.Offset)..].CopyTo(plaintext[end..]);
            cipher.Update(plaintext[done..first], plaintext[done..first]);
            cipher.Update(bytes[(first - run.Offset)..(end - run.Offset)], plaintext[first..end]);
            done = end;
        }

        cipher.Finish(plaintext[done..], body[done..]);
        Count(plaintext.Length);
    }

    /// <summary>Decrypts a record's body; false when it is not authentic.</summary>
    internal bool TryDecrypt(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[MaxNonceLength];
        WriteNonce(nonce);
        var authentic = _suite switch
        {
            RecordSuite.ChaCha20Poly1305 => ChaCha20Poly1305.TryDecrypt(Key, nonce[^ChaCha20Poly1305.NonceLength..], associatedData, body, plaintext),
            RecordSuite.Aegis256 => Aegis256.TryDecrypt(Key, nonce, associatedData, body, plaintext),
            RecordSuite.Aegis256X2 => Aegis256X2.TryDecrypt(Key, nonce, associatedData, body, plaintext),
            _ => Aegis128L.TryDecrypt(Key, nonce[^Aegis128L.NonceLength..], associatedData, body, plaintext),
        };
        if (authentic)
            Count(plaintext.Length);
        return authentic;
    }

    /// <summary>Moves to the next generation; the counter starts at 0 again.</summary>
    internal void Update()
    {
        HmacBlake2b.Expand(Secret, "crust record next v1"u8, Secret);
        DeriveKey();
        _counter = 0;
        Bytes = 0;
        Generation++;
    }

    /// <inheritdoc/>
    public void Dispose() => Secrets.Zero(_bytes);

    private void DeriveKey() => HmacBlake2b.Expand(Secret, "crust record key v1"u8, Key);

    private void WriteNonce(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[^sizeof(ulong)..], _counter);
    }

    private static int RoundUp(int length) => (length + Aegis256X2.BlockLength - 1) / Aegis256X2.BlockLength * Aegis256X2.BlockLength;

    private void Count(int plaintextLength)
    {
        _counter++;
        Bytes += Math.Max(plaintextLength, 1);
        // Every record counts a byte at least and the record that reaches the limit is the last: the counter ends at 2^30, never near 2^64.
        Debug.Assert(_counter <= MaxBytes, "A key outlived its limit.");
    }
}
