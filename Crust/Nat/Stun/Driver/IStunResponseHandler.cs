using Crust.Primitives;

namespace Crust.Nat.Stun.Driver;

/// <summary>Who waits for the answer to a request of his. Called on the socket's threads: it must neither wait nor call an application.</summary>
internal interface IStunResponseHandler
{
    /// <summary>The answer came, success or error; it will not come again. What else proves it (an integrity attribute) is the handler's to ask for.</summary>
    void HandleResponse(StunDispatcher socket, StunMessage response, TransportAddress remote);
}
