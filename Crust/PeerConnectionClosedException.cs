using Crust.Identity;

namespace Crust;

/// <summary>A connection ended before what was asked of it was done.</summary>
/// <param name="peer">The peer at the other end.</param>
/// <param name="message">One line for a person, with the reason that was given.</param>
/// <param name="outcomeUnknown">True when the message was written but never acknowledged: the peer may or may not have it.</param>
public sealed class PeerConnectionClosedException(PeerId peer, string message, bool outcomeUnknown) : IOException(message)
{
    /// <summary>The peer at the other end.</summary>
    public PeerId Peer { get; } = peer;

    /// <summary>True when the message was written but never acknowledged: the peer may or may not have it. False: it never left.</summary>
    public bool OutcomeUnknown { get; } = outcomeUnknown;
}
