using Crust.Cryptography;
using Crust.Identity;
using Crust.Noise;
using Crust.Session.Records;
using Crust.Wire;

namespace Crust.Session.Handshakes;

/// <summary>
/// What a finished handshake gives. Record secrets are HKDF-Expand of the final chaining key over <c>"crust record secret v1" ‖ handshake
/// hash (64) ‖ suite u8 ‖ direction u8</c> (0 from the initiator, 1 to it); the exporter secret over <c>"crust exporter secret v1" ‖
/// handshake hash</c>. Owns its secrets and wipes them when disposed: copy what must live longer.
/// </summary>
internal sealed class HandshakeResult : IDisposable
{
    private const byte FromInitiator = 0, FromResponder = 1;

    private readonly byte[] _exporterSecret = NewSecret();

    private HandshakeResult(HandshakeState state, bool isInitiator, PeerId self, PeerId remote, HandshakeOffer offer, HandshakeReply reply)
    {
        IsInitiator = isInitiator;
        Remote = remote;
        Suite = reply.Suite;
        // Only the lower id promises; from the higher it means nothing.
        PromisedGeneration = isInitiator == (self < remote) ? 0 : reply.Generation;
        MinorVersion = Math.Min(offer.MinorVersion, reply.MinorVersion);
        (OwnNonce, RemoteNonce) = isInitiator ? (offer.Nonce, reply.Nonce) : (reply.Nonce, offer.Nonce);
        KnownNonce = isInitiator ? offer.KnownNonce : reply.KnownNonce;
        RemoteKnownNonce = isInitiator ? reply.KnownNonce : offer.KnownNonce;
        RemoteEpoch = isInitiator ? reply.Epoch : offer.Epoch;
        SessionId = SessionId.Compute(self, OwnNonce, remote, RemoteNonce);
        var (own, other) = isInitiator ? (offer.Features, reply.Features) : (reply.Features, offer.Features);
        SendSigned = IsSigned(own, other);
        ReceiveSigned = IsSigned(other, own);
        Expand(state, "crust record secret v1"u8, [(byte)Suite, isInitiator ? FromInitiator : FromResponder], SendKey);
        Expand(state, "crust record secret v1"u8, [(byte)Suite, isInitiator ? FromResponder : FromInitiator], ReceiveKey);
        Expand(state, "crust exporter secret v1"u8, [], _exporterSecret);
        Handshakes.SessionId.ComputeSaltSecret(self, OwnNonce, remote, RemoteNonce, SaltSecret);
    }

    /// <summary>The proven peer.</summary>
    internal PeerId Remote { get; }

    /// <summary>Whether this side sent message 1.</summary>
    internal bool IsInitiator { get; }

    /// <summary>The suite of the link's records.</summary>
    internal RecordSuite Suite { get; }

    /// <summary>The generation that message 2 promised the link; 0 for none, and when the responder has the higher id.</summary>
    internal uint PromisedGeneration { get; }

    /// <summary>The lower of both minor versions.</summary>
    internal byte MinorVersion { get; }

    /// <summary>The first traffic secret of what this side sends, 32 bytes whatever the suite: for <see cref="RecordSealer"/>.</summary>
    internal byte[] SendKey { get; private set; } = NewSecret();

    /// <summary>The first traffic secret of what this side receives: for <see cref="RecordOpener"/>.</summary>
    internal byte[] ReceiveKey { get; private set; } = NewSecret();

    /// <summary>32 bytes, the same on both sides: the key of the batch salts.</summary>
    internal byte[] SaltSecret { get; } = NewSecret();

    /// <summary>This side's nonce of the session.</summary>
    internal SessionNonce OwnNonce { get; }

    /// <summary>The other's nonce of the session.</summary>
    internal SessionNonce RemoteNonce { get; }

    /// <summary>The other's nonce as this side knew it when it spoke; null when it knew none.</summary>
    internal SessionNonce? KnownNonce { get; }

    /// <summary>This side's nonce as the other knew it before; null when it knew none.</summary>
    internal SessionNonce? RemoteKnownNonce { get; }

    /// <summary>Which process of the remote this is: <see cref="Admission.EpochRule"/>.</summary>
    internal ProcessEpoch RemoteEpoch { get; }

    /// <summary>The session that this link belongs to.</summary>
    internal SessionId SessionId { get; }

    /// <summary>Whether what this side sends is signed: it signs, or the other requires it.</summary>
    internal bool SendSigned { get; }

    /// <summary>Whether what this side receives must be signed.</summary>
    internal bool ReceiveSigned { get; }

    /// <summary>Derives a secret of this link that both sides share: HKDF-Expand of the exporter secret over the label, which names the use.</summary>
    internal void Export(ReadOnlySpan<byte> label, Span<byte> secret) => HmacBlake2b.Expand(_exporterSecret, label, secret);

    /// <summary>
    /// Wipes the traffic secrets, once the link's keys were made of them: kept, they would open all that was sent before a key's first
    /// replacement.
    /// </summary>
    internal void ForgetTrafficSecrets()
    {
        Secrets.Zero(SendKey);
        Secrets.Zero(ReceiveKey);
        (SendKey, ReceiveKey) = ([], []);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Secrets.Zero(SendKey);
        Secrets.Zero(ReceiveKey);
        Secrets.Zero(SaltSecret);
        Secrets.Zero(_exporterSecret);
    }

    internal static HandshakeResult ForInitiator(HandshakeState state, PeerId remote, HandshakeOffer offer, HandshakeReply reply) =>
        new(state, isInitiator: true, offer.Initiator, remote, offer, reply);

    internal static HandshakeResult ForResponder(HandshakeState state, PeerId self, HandshakeOffer offer, HandshakeReply reply) =>
        new(state, isInitiator: false, self, offer.Initiator, offer, reply);

    /// <summary>A direction is signed if its sender signs or its receiver requires it.</summary>
    private static bool IsSigned(HandshakeFeatures sender, HandshakeFeatures receiver) =>
        sender.HasFlag(HandshakeFeatures.SignsWhatItSends) || receiver.HasFlag(HandshakeFeatures.RequiresSignatures);

    private static void Expand(HandshakeState state, ReadOnlySpan<byte> label, ReadOnlySpan<byte> suffix, Span<byte> secret)
    {
        Span<byte> information = stackalloc byte[label.Length + SymmetricState.HashLength + suffix.Length];
        var writer = new SpanWriter(information);
        writer.WriteBytes(label);
        writer.WriteBytes(state.HandshakeHash);
        writer.WriteBytes(suffix);
        state.Expand(information, secret);
    }

    private static byte[] NewSecret() => GC.AllocateArray<byte>(RecordKey.SecretLength, pinned: true);
}
