using Crust.Identity;

namespace Crust.Gateway.Bootstrap;

/// <summary>What a gateway is to tell the bootstrap cache, before it is signed.</summary>
/// <param name="Record">The peer's record.</param>
/// <param name="SignedRecord">The same as the peer signed it.</param>
/// <param name="SignedAttachment">The peer's statement that it is attached here; may be empty.</param>
/// <param name="Dialled">Which addresses of the record were dialled.</param>
/// <param name="Reached">Which of these the peer answered at.</param>
/// <param name="IsIndependent">Whether from where the peer had not sent anything to.</param>
internal sealed record VouchReport(PeerRecord Record, byte[] SignedRecord, byte[] SignedAttachment, ushort Dialled, ushort Reached, bool IsIndependent);
