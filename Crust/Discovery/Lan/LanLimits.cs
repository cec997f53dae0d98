namespace Crust.Discovery.Lan;

/// <summary>Times and bounds of LAN discovery. All ours: a LAN is small and its packets are cheap, but a hostile neighbour must not cost more than a little.</summary>
internal static class LanLimits
{
    /// <summary>Between announcements, give or take a fifth.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>The first announcements: a packet or two may be lost, and interfaces come up late.</summary>
    internal static readonly TimeSpan[] FirstIntervals = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3)];

    /// <summary>How long an announcement counts: three that follow may be lost.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(110);

    /// <summary>Longest wait before a query is answered, at random: many may be asked at once (RFC 6762 §6 uses 20 to 120 ms).</summary>
    internal static readonly TimeSpan AnswerDelay = TimeSpan.FromMilliseconds(60);

    /// <summary>Shortest time between two announcements, whoever asks how often.</summary>
    internal static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Between queries for the same peer while somebody waits.</summary>
    internal static readonly TimeSpan QueryInterval = TimeSpan.FromMilliseconds(300);

    /// <summary>Peers that are remembered; with more, the one longest unseen goes.</summary>
    internal const int MaxPeers = 256;

    /// <summary>Peers that one address may announce: a host runs few.</summary>
    internal const int MaxPeersOfSource = 16;

    /// <summary>Addresses of one peer: it may be seen on several interfaces and in both families.</summary>
    internal const int MaxSourcesOfPeer = 4;

    /// <summary>Peers that may be looked for at a time.</summary>
    internal const int MaxWanted = 64;

    /// <summary>Signatures checked a second; a burst may have twice as many. About 2 % of a core.</summary>
    internal const int VerificationsPerSecond = 100;
}
