using Crust.Cryptography;
using Crust.Identity;
using Crust.Noise;
using Crust.Session.Records;

namespace Crust.Session.Handshakes;

/// <summary>
/// The accepting side of a link's handshake: read message 1, decide, then write message 2. Any failure is a plain false and final; nothing
/// tells why. A message 1 can be a replay: it changes no state elsewhere until the initiator's first record opens. One thread at a time.
/// </summary>
internal sealed class ResponderHandshake : IDisposable
{
    private readonly HandshakeState _state;
    private readonly PeerId _self;
    private readonly AgreementKeyCache? _cache;
    private HandshakeOffer? _offer;

    /// <param name="self">The own identity; it stays the caller's.</param>
    /// <param name="network">The network both must be in.</param>
    /// <param name="ownedRandomness">Fresh random bytes, taken over and wiped.</param>
    /// <param name="cache">Remembers converted keys; null converts anew.</param>
    internal ResponderHandshake(PeerIdentity self, NetworkId network, HandshakeRandomness ownedRandomness, AgreementKeyCache? cache = null)
    {
        using var randomness = ownedRandomness;
        _self = self.Id;
        _cache = cache;
        _state = new HandshakeState(HandshakePattern.IKhfs, isInitiator: false, HandshakePrologue.Build(network, self.Id), new HandshakeKeys
        {
            StaticSecret = self.AgreementSecret,
            StaticPublic = self.AgreementPublic,
            EphemeralSecret = randomness.EphemeralSecret,
            KemCoins = randomness.KemCoins,
        });
    }

    /// <summary>Reads message 1. The offer's initiator holds the key it names; whether it is welcome is the caller's question.</summary>
    internal bool TryReadMessage1(ReadOnlySpan<byte> message, out HandshakeOffer? offer)
    {
        offer = null;
        if (message.Length > RecordHeader.MaxHandshakeLength)
            return Fail();
        var payload = new byte[message.Length];
        Span<byte> agreementKey = stackalloc byte[X25519.KeyLength];
        if (!_state.TryReadMessage(message, payload, out var length)
            || !HandshakePayload.TryRead(payload.AsSpan(0, length), _cache, agreementKey, out var parsed)
            || parsed!.Initiator == _self
            // The Noise static key lost the id's sign bit, so the id is claimed in the payload; both must be one key.
            || !Secrets.FixedTimeEquals(agreementKey, _state.RemoteStatic))
            return Fail();
        offer = _offer = parsed;
        return true;
    }

    /// <summary>Writes message 2, at most <see cref="RecordHeader.MaxHandshakeLength"/>: 1,152 bytes and the payload. The caller owns the result.</summary>
    /// <returns>False when the initiator's KEM key is malformed.</returns>
    /// <exception cref="ArgumentException">The reply selects a suite that was not offered.</exception>
    internal bool TryWriteMessage2(HandshakeReply reply, Span<byte> destination, out int length, out HandshakeResult? ownedResult)
    {
        ownedResult = null;
        var offer = _offer ?? throw new InvalidOperationException("Message 1 was not read.");
        if (!offer.Suites.Contains(reply.Suite))
            throw new ArgumentException("The suite was not offered.", nameof(reply));
        var payload = new byte[HandshakePayload.MaxLength];
        var payloadLength = HandshakePayload.Write(reply, payload);
        if (!_state.TryWriteMessage(payload.AsSpan(0, payloadLength), destination, out length))
            return Fail();
        ownedResult = HandshakeResult.ForResponder(_state, _self, offer, reply);
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
