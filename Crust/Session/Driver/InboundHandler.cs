namespace Crust.Session.Driver;

/// <summary>Takes the messages of one protocol of one session, one at a time.</summary>
internal delegate ValueTask InboundHandler(DeliveredMessage message, CancellationToken cancellationToken);
