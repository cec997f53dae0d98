namespace Crust.Gateway.Files.Driver;

/// <summary>What a receiver answered: a message or a receipt.</summary>
/// <param name="Message">The message; null for a receipt.</param>
/// <param name="Receipt">The receipt with its evidence; null for a message.</param>
internal sealed record ReceiverReply(FileMessage? Message, ReceiptEvidence? Receipt);
