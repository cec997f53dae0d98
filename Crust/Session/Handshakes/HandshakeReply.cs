using Crust.Session.Records;

namespace Crust.Session.Handshakes;

/// <summary>What a responder says in message 2.</summary>
/// <param name="MinorVersion">The responder's minor version of the protocol; the lower of the two counts.</param>
/// <param name="Nonce">The responder's nonce of the session.</param>
/// <param name="KnownNonce">The initiator's nonce as the responder knew it before this handshake, if it did.</param>
/// <param name="Features">What the responder wants.</param>
/// <param name="Epoch">Which process of the responder speaks.</param>
/// <param name="Generation">
/// The generation with which the link is active as soon as it stands, when the responder has the lower id and wants that; else 0.
/// </param>
/// <param name="Suite">The selected suite, one of those offered: <see cref="RecordSuites.Select"/>.</param>
internal sealed record HandshakeReply(
    byte MinorVersion, SessionNonce Nonce, SessionNonce? KnownNonce, HandshakeFeatures Features, ProcessEpoch Epoch, uint Generation, RecordSuite Suite);
