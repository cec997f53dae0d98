namespace Crust.Tests.Simulation;

/// <summary>Which faults a story is made of. The seed modulo their number names one.</summary>
internal enum ScenarioKind
{
    /// <summary>None: what remains must work too.</summary>
    Calm,

    /// <summary>Links come and go every few messages.</summary>
    LinkChanges,

    /// <summary>The same, with applications that keep what they get: credit is always short.</summary>
    Starved,

    /// <summary>Everything.</summary>
    Mixed,

    /// <summary>Stalls, black holes, resets that one end never sees.</summary>
    SilentLinks,

    /// <summary>Bytes are altered, left out, repeated, put in from elsewhere; streams end in the middle of a record.</summary>
    Tampering,

    /// <summary>Processes restart.</summary>
    Restarts,

    /// <summary>Both dial at once, and again.</summary>
    Simultaneous,

    /// <summary>Handshakes and records are replayed.</summary>
    Replays,

    /// <summary>Partitions that sessions survive, and some that they do not.</summary>
    LongPartitions,
}
