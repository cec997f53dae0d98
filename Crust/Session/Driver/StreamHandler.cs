namespace Crust.Session.Driver;

/// <summary>Takes a stream that the peer opened; the stream is closed when the handler ends.</summary>
internal delegate ValueTask StreamHandler(SessionDriver session, StreamEndpoint stream, CancellationToken cancellationToken);
