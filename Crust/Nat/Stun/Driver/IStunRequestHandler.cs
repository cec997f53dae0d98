using Crust.Primitives;

namespace Crust.Nat.Stun.Driver;

/// <summary>
/// Who takes Binding requests and indications that come to a socket: connectivity checks, or a server's. Nothing of them is proven but a FINGERPRINT where there is
/// one. Called on the socket's threads: it must neither wait nor call an application. Answers go out by <see cref="StunDispatcher.TrySend"/>.
/// </summary>
internal interface IStunRequestHandler
{
    void HandleRequest(StunDispatcher socket, StunMessage request, TransportAddress remote);
}
