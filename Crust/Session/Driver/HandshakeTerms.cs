using Crust.Identity;
using Crust.Session.Admission;
using Crust.Session.Handshakes;
using Crust.Session.Records;

namespace Crust.Session.Driver;

/// <summary>What this node says in every handshake: its version, which process it is, what it signs and insists on, and its ciphers.</summary>
internal sealed class HandshakeTerms(PeerId self, bool signs, bool requiresSignatures, bool allowAegis128L, ProcessEpoch epoch = default)
{
    /// <summary>Minor version of the protocol. The major version is in the prologue.</summary>
    internal const byte MinorVersion = 0;

    private readonly HandshakeFeatures _features =
        (signs ? HandshakeFeatures.SignsWhatItSends : 0) | (requiresSignatures ? HandshakeFeatures.RequiresSignatures : 0);

    internal HandshakeOffer Offer(SessionNonces nonces, HandshakeFeatures more = HandshakeFeatures.None) =>
        new(self, MinorVersion, nonces.Own, nonces.KnownRemote, _features | more, epoch, RecordSuites.Offer(SuiteSupport.Here, allowAegis128L));

    /// <summary>Null when no offered suite is known here.</summary>
    internal HandshakeReply? Reply(HandshakeOffer offer, SessionNonces nonces, uint generation) =>
        RecordSuites.Select(offer.Suites, SuiteSupport.Here, allowAegis128L) is { } suite
            ? new HandshakeReply(MinorVersion, nonces.Own, nonces.KnownRemote, _features, epoch, generation, suite)
            : null;
}
