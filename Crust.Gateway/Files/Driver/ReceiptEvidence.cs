using System.Text;

namespace Crust.Gateway.Files.Driver;

/// <summary>A receipt as it came, and what to keep of it.</summary>
/// <param name="Receipt">What it states.</param>
/// <param name="Document">The message's payload.</param>
/// <param name="Bytes">What <c>--receipt</c> saves.</param>
/// <param name="IsSigned">True when its signature was verified.</param>
internal sealed record ReceiptEvidence(Receipt Receipt, byte[] Document, byte[] Bytes, bool IsSigned)
{
    /// <summary>
    /// Takes a receipt out of its message, while the message is valid; null when it is none. What is kept is the signed message around it, as JSON, which
    /// <c>crust verify</c> checks; without a signature the document alone.
    /// </summary>
    internal static ReceiptEvidence? From(PeerMessage message) =>
        Receipt.TryParse(message.Payload.Span) is { } receipt ? new ReceiptEvidence(receipt, message.Payload.ToArray(), message.IsSigned ? Encoding.UTF8.GetBytes(message.Export().ToJson()) : message.Payload.ToArray(), message.IsSigned) : null;
}
