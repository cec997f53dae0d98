namespace Crust;

/// <summary>
/// Takes the messages of one protocol, one after the other for each connection. The sender may go on only as far as handlers keep up:
/// credit returns when the handler has ended. An exception is logged and counts as handled.
/// </summary>
/// <param name="message">The message.</param>
/// <param name="cancellationToken">Cancelled when the connection or the node ends.</param>
public delegate ValueTask PeerMessageHandler(PeerMessage message, CancellationToken cancellationToken);
