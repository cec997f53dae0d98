using Crust.Identity;

namespace Crust;

/// <summary>A connection did not come about.</summary>
/// <param name="failure">Why.</param>
/// <param name="peer">Who was to be reached; <c>default</c> when it was any gateway.</param>
/// <param name="message">One line for a person.</param>
/// <param name="innerException">What lies beneath, if anything.</param>
public sealed class ConnectException(ConnectFailure failure, PeerId peer, string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Why the connection did not come about.</summary>
    public ConnectFailure Failure { get; } = failure;

    /// <summary>Who was to be reached.</summary>
    public PeerId Peer { get; } = peer;
}
