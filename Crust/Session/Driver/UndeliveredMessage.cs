namespace Crust.Session.Driver;

/// <summary>A message that the session could not bring to its end.</summary>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Payload">A copy.</param>
/// <param name="OutcomeUnknown">True when the peer may have it; false when it cannot.</param>
internal sealed record UndeliveredMessage(string Protocol, byte[] Payload, bool OutcomeUnknown);
