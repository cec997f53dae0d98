namespace Crust.Tests.Older.Grains;

/// <summary>The times that hold the soft state together.</summary>
internal static class Timing
{
    /// <summary>
    /// A gateway not heard of for this long is gone. Ours: five missed exchanges; and with a period that its mailbox may take to tell the directory of its last
    /// sign of life and one that the directory may take to notice, its peers are gone from the zones 14 s after its death, which leaves a second for the calls.
    /// </summary>
    internal static readonly TimeSpan GatewaySilence = TimeSpan.FromSeconds(10);

    /// <summary>How long a mailbox holds a call. Ours: with half a second for the way, well within a client's 5 s.</summary>
    internal static readonly TimeSpan ExchangeHold = TimeSpan.FromSeconds(2);

    /// <summary>How often mailboxes call the directory, and the directory its zones.</summary>
    internal static readonly TimeSpan DirectoryPeriod = TimeSpan.FromSeconds(2);
}
