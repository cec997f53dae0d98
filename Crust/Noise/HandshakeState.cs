using Crust.Cryptography;

namespace Crust.Noise;

/// <summary>
/// One side of a Noise handshake (§5.3, revision 34) with the tokens of the hybrid forward secrecy extension. Messages are written and read
/// in turn until <see cref="IsFinished"/>; then <see cref="Split"/> or <see cref="Expand"/> give the keys. A failure of decryption, of a DH
/// (all-zero output) or of the KEM is final: the state is dead and wiped. Owns its secrets. One thread at a time.
/// </summary>
internal sealed class HandshakeState : IDisposable
{
    /// <summary>Longest Noise message (§3).</summary>
    internal const int MaxMessageLength = 65535;

    private const int KeyLength = X25519.KeyLength;

    private readonly HandshakePattern _pattern;
    private readonly bool _isInitiator;
    private readonly SecretBlock _secrets = new();
    private readonly SymmetricState _symmetric;
    private readonly KeyPair _static;
    private readonly KeyPair _ephemeral;
    private readonly byte[] _remoteStatic = new byte[KeyLength];
    private readonly byte[] _remoteEphemeral = new byte[KeyLength];
    private readonly KemExchange _kem;
    private bool _hasRemoteStatic;
    private bool _dead;
    private int _turn;

    /// <summary>Initialize (§5.3): the prologue and the pre-messages enter the transcript.</summary>
    internal HandshakeState(HandshakePattern pattern, bool isInitiator, ReadOnlySpan<byte> prologue, HandshakeKeys keys)
    {
        _pattern = pattern;
        _isInitiator = isInitiator;
        _symmetric = new SymmetricState(pattern.ProtocolName, _secrets);
        _static = new KeyPair(_secrets);
        _ephemeral = new KeyPair(_secrets);
        _symmetric.MixHash(prologue);
        if (!keys.StaticSecret.IsEmpty)
            _static.Set(keys.StaticSecret, keys.StaticPublic);
        if (!keys.EphemeralSecret.IsEmpty)
            _ephemeral.Set(keys.EphemeralSecret);
        _kem = new KemExchange(keys.KemSeed, keys.KemCoins, _secrets);
        if (!keys.RemoteStatic.IsEmpty)
            SetRemoteStatic(keys.RemoteStatic);
        if (pattern.InitiatorStaticIsKnown)
            _symmetric.MixHash(isInitiator ? _static.Public : RemoteStatic);
        if (pattern.ResponderStaticIsKnown)
            _symmetric.MixHash(isInitiator ? RemoteStatic : _static.Public);
    }

    /// <summary>True when every message has passed.</summary>
    internal bool IsFinished => !_dead && _turn == _pattern.Messages.Length;

    /// <summary>True when this side sends the next message.</summary>
    internal bool IsOurTurn => !_dead && _turn < _pattern.Messages.Length && (_turn % 2 == 0) == _isInitiator;

    /// <summary>The other's static key, once known.</summary>
    internal ReadOnlySpan<byte> RemoteStatic =>
        _hasRemoteStatic ? _remoteStatic : throw new InvalidOperationException("The remote static key is not known.");

    /// <summary>64 bytes that bind the transcript so far; final once finished.</summary>
    internal ReadOnlySpan<byte> HandshakeHash => _symmetric.HandshakeHash;

    /// <summary>Writes the next message.</summary>
    /// <returns>False when a key that the other sent gives no secret: the handshake has failed.</returns>
    internal bool TryWriteMessage(ReadOnlySpan<byte> payload, Span<byte> message, out int length)
    {
        length = 0;
        if (!IsOurTurn)
            throw new InvalidOperationException("It is not this side's turn to write.");
        foreach (var token in _pattern.Messages[_turn])
        {
            if (!TryWriteToken(token, message[length..], out var written))
                return Fail(out length);
            length += written;
        }

        if (payload.Length > MaxMessageLength - length - _symmetric.Overhead)
            throw new ArgumentException("The message would be longer than Noise allows.", nameof(payload));
        length += _symmetric.EncryptAndHash(payload, message[length..]);
        _turn++;
        return true;
    }

    /// <summary>Reads the next message; the payload buffer must have room for the message's length.</summary>
    /// <returns>False for anything but the genuine message: the handshake has failed.</returns>
    internal bool TryReadMessage(ReadOnlySpan<byte> message, Span<byte> payload, out int length)
    {
        length = 0;
        if (_dead)
            return false;
        if (IsOurTurn || IsFinished)
            throw new InvalidOperationException("It is not this side's turn to read.");
        if (message.Length > MaxMessageLength)
            return Fail(out length);
        foreach (var token in _pattern.Messages[_turn])
        {
            if (!TryReadToken(token, ref message))
                return Fail(out length);
        }

        length = message.Length - _symmetric.Overhead;
        if (length < 0 || !_symmetric.TryDecryptAndHash(message, payload[..length]))
            return Fail(out length);
        _turn++;
        return true;
    }

    /// <summary>The cipher states of the initiator's and the responder's transport messages, which the caller owns.</summary>
    internal (CipherState Initiator, CipherState Responder) Split()
    {
        RequireFinished();
        return _symmetric.Split();
    }

    /// <summary>Derives a secret that both sides share, named by <paramref name="information"/>, from the final chaining key.</summary>
    internal void Expand(ReadOnlySpan<byte> information, Span<byte> output)
    {
        RequireFinished();
        _symmetric.Expand(information, output);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dead = true;
        // First out of reach, then wiped: the block's next user is another handshake.
        _symmetric.Dispose();
        _static.Forget();
        _ephemeral.Forget();
        _secrets.Dispose();
    }

    private bool TryWriteToken(HandshakeToken token, Span<byte> destination, out int written)
    {
        written = 0;
        switch (token)
        {
            case HandshakeToken.E:
                _ephemeral.Public.CopyTo(destination);
                _symmetric.MixHash(_ephemeral.Public);
                written = KeyLength;
                return true;
            case HandshakeToken.S:
                written = _symmetric.EncryptAndHash(_static.Public, destination);
                return true;
            case HandshakeToken.E1:
                written = _symmetric.EncryptAndHash(_kem.MakePublicKey(), destination);
                return true;
            case HandshakeToken.EKem1:
                if (!_kem.TryEncapsulate(out var ciphertext))
                    return false;
                written = _symmetric.EncryptAndHash(ciphertext, destination);
                _symmetric.MixKey(_kem.SharedSecret);
                return true;
            default:
                return TryMixDh(token);
        }
    }

    private bool TryReadToken(HandshakeToken token, ref ReadOnlySpan<byte> message)
    {
        switch (token)
        {
            case HandshakeToken.E:
                if (message.Length < KeyLength)
                    return false;
                message[..KeyLength].CopyTo(_remoteEphemeral);
                _symmetric.MixHash(_remoteEphemeral);
                message = message[KeyLength..];
                return true;
            case HandshakeToken.S:
                if (!TryReadEncrypted(ref message, _remoteStatic))
                    return false;
                _hasRemoteStatic = true;
                return true;
            case HandshakeToken.E1:
                return TryReadEncrypted(ref message, _kem.RemotePublicKey);
            case HandshakeToken.EKem1:
                if (!TryReadEncrypted(ref message, _kem.Ciphertext) || !_kem.TryDecapsulate())
                    return false;
                _symmetric.MixKey(_kem.SharedSecret);
                return true;
            default:
                return TryMixDh(token);
        }
    }

    private bool TryReadEncrypted(ref ReadOnlySpan<byte> message, Span<byte> destination)
    {
        var length = destination.Length + _symmetric.Overhead;
        if (message.Length < length || !_symmetric.TryDecryptAndHash(message[..length], destination))
            return false;
        message = message[length..];
        return true;
    }

    private bool TryMixDh(HandshakeToken token)
    {
        // The first letter names the initiator's key, the second the responder's.
        var initiatorStatic = token is HandshakeToken.SE or HandshakeToken.SS;
        var responderStatic = token is HandshakeToken.ES or HandshakeToken.SS;
        var own = (_isInitiator ? initiatorStatic : responderStatic) ? _static : _ephemeral;
        var remote = (_isInitiator ? responderStatic : initiatorStatic) ? RemoteStatic : _remoteEphemeral;
        Span<byte> shared = stackalloc byte[KeyLength];
        try
        {
            if (!X25519.TryAgree(own.Secret, remote, shared))
                return false;
            _symmetric.MixKey(shared);
            return true;
        }
        finally
        {
            Secrets.Zero(shared);
        }
    }

    private void SetRemoteStatic(ReadOnlySpan<byte> key)
    {
        Lengths.Require(key, KeyLength);
        key.CopyTo(_remoteStatic);
        _hasRemoteStatic = true;
    }

    private bool Fail(out int length)
    {
        length = 0;
        Dispose();
        return false;
    }

    private void RequireFinished()
    {
        if (!IsFinished)
            throw new InvalidOperationException("The handshake is not finished.");
    }
}
