namespace Crust.Tests.Simulation;

/// <summary>What happened in a world in which every promise held.</summary>
/// <param name="Fingerprint">The same for the same seed.</param>
/// <param name="Events">How many.</param>
/// <param name="Sessions">Ends of sessions.</param>
/// <param name="Delivered">Messages.</param>
/// <param name="Statements">Signed batches.</param>
/// <param name="Exported">Messages whose evidence was verified.</param>
/// <param name="Faults">How many things went wrong.</param>
/// <param name="Healing">How long it took after the last fault until everything had arrived.</param>
internal sealed record Story(ulong Fingerprint, long Events, int Sessions, int Delivered, int Statements, int Exported, int Faults, TimeSpan Healing);
