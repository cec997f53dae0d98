using Crust.Identity;

namespace Crust;

/// <summary>The peer received the message but has no handler for its protocol.</summary>
/// <param name="peer">The peer.</param>
/// <param name="protocol">The protocol that it refused.</param>
public sealed class ProtocolRefusedException(PeerId peer, string protocol)
    : IOException($"Peer {peer} does not speak protocol '{protocol}'.")
{
    /// <summary>The peer that refused.</summary>
    public PeerId Peer { get; } = peer;

    /// <summary>The protocol that it does not speak.</summary>
    public string Protocol { get; } = protocol;
}
