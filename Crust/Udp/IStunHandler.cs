using Crust.Primitives;

namespace Crust.Udp;

/// <summary>Who takes the STUN messages (RFC 8489) of a socket that carries µTP. Called on the socket's threads: it must neither wait nor call an application.</summary>
internal interface IStunHandler
{
    /// <summary>
    /// Whether a success or error response, which could be µTP as well, answers a request that is under way to this remote. The message has a
    /// whole header with the magic cookie.
    /// </summary>
    bool Claims(ReadOnlySpan<byte> message, TransportAddress remote);

    /// <summary>Takes a message; nothing of it but its first byte, or what <see cref="Claims"/> saw, was looked at.</summary>
    void Handle(ReadOnlySpan<byte> message, TransportAddress remote);
}
