namespace Crust;

/// <summary>Takes the streams of one protocol that peers open, any number at a time. The stream is closed when the handler ends; when it throws, it is given up.</summary>
/// <param name="stream">The stream.</param>
/// <param name="cancellationToken">Cancelled some seconds after connection or node have ended.</param>
public delegate ValueTask PeerStreamHandler(PeerStream stream, CancellationToken cancellationToken);
