using Crust.Identity;

namespace Crust;

/// <summary>A stream, or a request, came to an end before its time: the peer gave up, or reads no more. The connection goes on.</summary>
/// <param name="peer">The peer at the other end.</param>
/// <param name="message">One line for a person.</param>
/// <param name="code">The code that the peer gave: 1 no handler for the protocol, 2 its handler failed, else the application's.</param>
public sealed class PeerStreamException(PeerId peer, string message, int code) : IOException(message)
{
    /// <summary>The peer at the other end.</summary>
    public PeerId Peer { get; } = peer;

    /// <summary>1 no handler for the protocol, 2 its handler failed, else the application's.</summary>
    public int Code { get; } = code;
}
