using Crust.Identity;
using Crust.Session.Links;

namespace Crust.Session;

/// <summary>What a handshake agreed on, and what a <see cref="SessionMachine"/> needs to begin.</summary>
/// <param name="Self">Our identity: signs our batches.</param>
/// <param name="Remote">The peer at the other end: its batches must verify under this key.</param>
/// <param name="Network">The network, part of every signed statement.</param>
/// <param name="SessionId">32 bytes that both ends derived alike; part of every signed statement.</param>
/// <param name="SaltSecret">32 secret bytes that both ends share; the leaves' salts are drawn from it. The machine keeps its own copy.</param>
/// <param name="SendSigned">True when our messages are signed in batches.</param>
/// <param name="ReceiveSigned">True when the remote's messages are; nothing of it is then delivered before its batch verifies.</param>
/// <param name="Limits">Bounds and intervals of our own end.</param>
internal sealed record SessionParameters(
    PeerIdentity Self,
    PeerId Remote,
    NetworkId Network,
    byte[] SessionId,
    byte[] SaltSecret,
    bool SendSigned,
    bool ReceiveSigned,
    SessionLimits Limits)
{
    /// <summary>Where the lower id's nominations are numbered, promises of handshakes included.</summary>
    internal GenerationCounter Generations { get; init; } = new();

    /// <summary>32 secret bytes that both ends share, the key of connectivity checks (<see cref="SessionMachine"/> has no use for it).</summary>
    internal byte[] CheckSecret { get; init; } = [];

    /// <summary>Protocols whose payloads we leave out of our signatures although we sign. Asked once for each protocol.</summary>
    internal Func<string, bool> LeavesUnsigned { get; init; } = static _ => false;
}
