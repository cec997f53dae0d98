using Crust.Session.Handshakes;
using Crust.Session.Links;

namespace Crust.Session.Admission;

/// <summary>What a node holds of one peer: the nonce that names the next session (or the open one), the open session, the handshakes under way.</summary>
/// <typeparam name="TSession">What a session is to its owner.</typeparam>
/// <param name="ownNonce">Our nonce of the first session.</param>
internal sealed class PeerSlot<TSession>(SessionNonce ownNonce) where TSession : class
{
    /// <summary>
    /// Sessions that may begin under one nonce of ours. Each needs another nonce of the remote, which began anew while our session with it was open, and
    /// all of them are remembered. Ours: more than that many restarts cost one more dial.
    /// </summary>
    internal const int MaxBegun = 8;

    private readonly List<SessionNonce> _begun = [];

    /// <summary>Our nonce: the same in all handshakes until a session ends, so that two links made at once come out as one session.</summary>
    internal SessionNonce OwnNonce { get; private set; } = ownNonce;

    /// <summary>True once a handshake has told it the remote, who may know a session by it.</summary>
    internal bool IsNonceTold { get; set; }

    internal TSession? Session { get; private set; }

    /// <summary>The remote's nonce in the open session.</summary>
    internal SessionNonce? RemoteNonce { get; private set; }

    /// <summary>The remote's process that has the open session.</summary>
    internal ProcessEpoch? RemoteEpoch { get; private set; }

    internal int HandshakesUnderWay { get; set; }

    /// <summary>A slot that holds nothing can go.</summary>
    internal bool IsEmpty => Session is null && HandshakesUnderWay == 0;

    /// <summary>Numbers nominations and promises, sessions through, since a handshake may promise before there is one.</summary>
    internal GenerationCounter Generations { get; } = new();

    /// <summary>True when both nonces have named a session before, which must not begin again: its numbers and statements would repeat.</summary>
    internal bool HasBegun(SessionNonce remoteNonce) => _begun.Contains(remoteNonce);

    /// <summary>True when our nonce has named as many sessions as we remember.</summary>
    internal bool IsWornOut => _begun.Count == MaxBegun;

    internal void Open(TSession session, SessionNonce remoteNonce, ProcessEpoch remoteEpoch)
    {
        _begun.Add(remoteNonce);
        Session = session;
        RemoteNonce = remoteNonce;
        RemoteEpoch = remoteEpoch;
    }

    /// <summary>The session is over: its nonce must never name another, or numbers and statements would repeat.</summary>
    internal void Close(SessionNonce nextNonce)
    {
        Session = null;
        RemoteNonce = null;
        RemoteEpoch = null;
        OwnNonce = nextNonce;
        IsNonceTold = false;
        _begun.Clear();
    }
}
