using Crust.Cryptography;
using Crust.Identity;
using Crust.Noise;
using Crust.Session.Records;

namespace Crust.Session.Handshakes;

/// <summary>
/// The dialling side of a link's handshake: write message 1, then read message 2. Any failure is a plain false and final; nothing tells
/// why. One thread at a time.
/// </summary>
internal sealed class InitiatorHandshake : IDisposable
{
    private readonly HandshakeState _state;
    private readonly PeerId _remote;
    private readonly HandshakeOffer _offer;

    /// <param name="self">The own identity; it stays the caller's.</param>
    /// <param name="remote">The peer that must answer.</param>
    /// <param name="network">The network both must be in.</param>
    /// <param name="offer">What message 1 says; its initiator is <paramref name="self"/>.</param>
    /// <param name="ownedRandomness">Fresh random bytes, taken over and wiped.</param>
    /// <param name="cache">Remembers converted keys; null converts anew.</param>
    /// <exception cref="ArgumentException">The offer is another peer's, or the remote is this peer itself or no valid key.</exception>
    internal InitiatorHandshake(
        PeerIdentity self, PeerId remote, NetworkId network, HandshakeOffer offer, HandshakeRandomness ownedRandomness, AgreementKeyCache? cache = null)
    {
        using var randomness = ownedRandomness;
        if (offer.Initiator != self.Id)
            throw new ArgumentException("The offer names another initiator.", nameof(offer));
        Span<byte> remoteStatic = stackalloc byte[X25519.KeyLength];
        if (remote == self.Id || !(cache?.TryConvert(remote, remoteStatic) ?? AgreementKeyCache.TryConvertUncached(remote, remoteStatic)))
            throw new ArgumentException("The remote is no other peer.", nameof(remote));
        _remote = remote;
        _offer = offer;
        _state = new HandshakeState(HandshakePattern.IKhfs, isInitiator: true, HandshakePrologue.Build(network, remote), new HandshakeKeys
        {
            StaticSecret = self.AgreementSecret,
            StaticPublic = self.AgreementPublic,
            RemoteStatic = remoteStatic,
            EphemeralSecret = randomness.EphemeralSecret,
            KemSeed = randomness.KemSeed,
        });
    }

    /// <summary>Writes message 1 and returns its length, at most <see cref="RecordHeader.MaxHandshakeLength"/>: 1,296 bytes and the payload.</summary>
    internal int WriteMessage1(Span<byte> destination)
    {
        var payload = new byte[HandshakePayload.MaxLength];
        var length = HandshakePayload.Write(_offer, payload);
        // No DH fails here: the remote's key was converted from a valid id, the ephemeral key is our own.
        return _state.TryWriteMessage(payload.AsSpan(0, length), destination, out var written)
            ? written
            : throw new InvalidOperationException("A valid peer id gave no shared secret.");
    }

    /// <summary>Reads message 2. The caller owns the result.</summary>
    internal bool TryReadMessage2(ReadOnlySpan<byte> message, out HandshakeResult? ownedResult)
    {
        ownedResult = null;
        if (message.Length > RecordHeader.MaxHandshakeLength)
            return Fail();
        var payload = new byte[message.Length];
        if (!_state.TryReadMessage(message, payload, out var length)
            || !HandshakePayload.TryRead(payload.AsSpan(0, length), out HandshakeReply? reply)
            || !_offer.Suites.Contains(reply!.Suite))
            return Fail();
        ownedResult = HandshakeResult.ForInitiator(_state, _remote, _offer, reply);
        Dispose();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _state.Dispose();

    private bool Fail()
    {
        Dispose();
        return false;
    }
}
