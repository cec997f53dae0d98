using Crust.Cryptography;

namespace Crust.Identity;

/// <summary>
/// A peer's secret key and what is derived from it. Owns its secrets and wipes them when disposed. Signing and reading are thread safe;
/// disposing while another thread signs is not.
/// </summary>
public sealed class PeerIdentity : IDisposable
{
    /// <summary>Bytes in the seed from which everything else is derived.</summary>
    public const int SeedLength = Ed25519.SeedLength;

    private readonly byte[] _secretKey = GC.AllocateArray<byte>(Ed25519.SecretKeyLength, pinned: true);
    private readonly byte[] _agreementSecret = GC.AllocateArray<byte>(X25519.KeyLength, pinned: true);
    private readonly byte[] _agreementPublic = new byte[X25519.KeyLength];
    private bool _disposed;

    private PeerIdentity(ReadOnlySpan<byte> seed)
    {
        Span<byte> publicKey = stackalloc byte[Ed25519.PublicKeyLength];
        Ed25519.DeriveKeyPair(seed, publicKey, _secretKey);
        Ed25519.ConvertSecretKey(_secretKey, _agreementSecret);
        X25519.DerivePublicKey(_agreementSecret, _agreementPublic);
        Id = PeerId.FromTrustedBytes(publicKey);
    }

    /// <summary>The public half: this peer's name.</summary>
    public PeerId Id { get; }

    /// <summary>The X25519 form of the secret key, for the Noise handshake; valid until disposed.</summary>
    internal ReadOnlySpan<byte> AgreementSecret
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _agreementSecret;
        }
    }

    /// <summary>The X25519 form of the public key.</summary>
    internal ReadOnlySpan<byte> AgreementPublic => _agreementPublic;

    /// <summary>Makes a new identity from the operating system's random generator.</summary>
    public static PeerIdentity Create()
    {
        Span<byte> seed = stackalloc byte[SeedLength];
        try
        {
            SecureRandom.Fill(seed);
            return new PeerIdentity(seed);
        }
        finally
        {
            Secrets.Zero(seed);
        }
    }

    /// <summary>Derives the identity of a 32-byte secret seed; the caller wipes its copy.</summary>
    /// <exception cref="ArgumentException">The seed does not have 32 bytes.</exception>
    public static PeerIdentity FromSeed(ReadOnlySpan<byte> seed)
    {
        Lengths.Require(seed, SeedLength);
        return new PeerIdentity(seed);
    }

    /// <summary>Copies the 32-byte secret seed out, to be stored; the caller wipes its copy.</summary>
    public void ExportSeed(Span<byte> seed)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _secretKey.AsSpan(0, SeedLength).CopyTo(seed);
    }

    /// <summary>Signs the bytes of a <see cref="Statement"/>; nothing else may call this.</summary>
    internal void Sign(ReadOnlySpan<byte> statement, Span<byte> signature)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Ed25519.Sign(statement, _secretKey, signature);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Secrets.Zero(_secretKey);
        Secrets.Zero(_agreementSecret);
    }
}
