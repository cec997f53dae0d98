using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>How a sender sends.</summary>
internal sealed record SendSettings
{
    /// <summary>Who sends.</summary>
    internal required PeerId Self { get; init; }

    /// <summary>Who is to receive.</summary>
    internal required PeerId Peer { get; init; }

    /// <summary>How long to try to reach the receiver again after a connection ended. Default 120 s, as long as a session outlives its link.</summary>
    internal TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Longest silence of a receiver that was asked. Default 60 s: one that works says so every 5 s.</summary>
    internal TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most bytes a second; null: as fast as it goes.</summary>
    internal long? BytesPerSecond { get; init; }
}
