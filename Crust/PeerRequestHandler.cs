namespace Crust;

/// <summary>
/// Answers the requests of one protocol, any number at a time. An exception is logged, and the caller gets a <see cref="PeerStreamException"/>.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="cancellationToken">Cancelled when the caller gives the request up, or connection or node end.</param>
/// <returns>The response, at most 2 MiB.</returns>
public delegate ValueTask<ReadOnlyMemory<byte>> PeerRequestHandler(PeerRequest request, CancellationToken cancellationToken);
