namespace Crust.Tests.Simulation.Datagrams;

/// <summary>What happened in a story of µTP in which every promise held.</summary>
/// <param name="Fingerprint">The same for the same seed.</param>
/// <param name="Events">How many.</param>
/// <param name="Conversations">Connections that were begun.</param>
/// <param name="Whole">Of them, those that had to end well.</param>
/// <param name="Bytes">Received, and right.</param>
/// <param name="Faults">How many things went wrong.</param>
/// <param name="Datagrams">How many were sent.</param>
internal sealed record UtpOutcome(ulong Fingerprint, long Events, int Conversations, int Whole, long Bytes, int Faults, long Datagrams);
