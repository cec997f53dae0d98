using System.Collections.Immutable;
using Crust.Identity;
using Crust.Session.Records;

namespace Crust.Session.Handshakes;

/// <summary>What an initiator says in message 1. Nothing of it may change existing state before the link's first record opens (replay).</summary>
/// <param name="Initiator">The initiator's id; checked against its Noise static key when received.</param>
/// <param name="MinorVersion">The initiator's minor version of the protocol.</param>
/// <param name="Nonce">The initiator's nonce of the session that the link should join.</param>
/// <param name="KnownNonce">The responder's nonce as the initiator knows it, when it has a session to resume.</param>
/// <param name="Features">What the initiator wants.</param>
/// <param name="Epoch">Which process of the initiator speaks.</param>
/// <param name="Suites">Suites in order of preference, 1 to <see cref="HandshakePayload.MaxSuites"/>; a received offer may hold values unknown here.</param>
internal sealed record HandshakeOffer(
    PeerId Initiator, byte MinorVersion, SessionNonce Nonce, SessionNonce? KnownNonce, HandshakeFeatures Features, ProcessEpoch Epoch,
    ImmutableArray<RecordSuite> Suites);
