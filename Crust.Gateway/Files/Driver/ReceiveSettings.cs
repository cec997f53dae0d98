using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>What a receiver takes.</summary>
internal sealed record ReceiveSettings
{
    /// <summary>Who receives.</summary>
    internal required PeerId Self { get; init; }

    /// <summary>The folder that everything goes into.</summary>
    internal required string Folder { get; init; }

    /// <summary>From whom; empty: from anyone.</summary>
    internal IReadOnlySet<PeerId> From { get; init; } = new HashSet<PeerId>();

    /// <summary>Most bytes of one transfer. Default: as many as there is room for.</summary>
    internal long MaxLength { get; init; } = FileProtocol.MaxFileLength;

    /// <summary>Most files and folders of one transfer.</summary>
    internal int MaxEntries { get; init; } = FileProtocol.MaxEntries;

    /// <summary>Transfers at a time, those that wait for their sender to come back included. Default 4: each costs up to some 30 MB for its list of files.</summary>
    internal int MaxTransfers { get; init; } = 4;

    /// <summary>After this long without a byte a transfer gives way to another one.</summary>
    internal TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);
}
