namespace Crust.Gateway.Bootstrap;

/// <summary>When a gateway dials the peers again that it vouches for.</summary>
internal static class VouchRules
{
    /// <summary>Most peers a gateway keeps track of. Ours: what the whole cache holds, and some that may enter.</summary>
    internal const int Capacity = 8_192;

    /// <summary>Dials under way. Ours: less than half of what dial-backs may have in all, so that peers which ask are served.</summary>
    internal const int MaxDials = 24;

    /// <summary>Between dials of a peer that was reached, times <see cref="MinJitter"/> to <see cref="MaxJitter"/>. Ours: a handshake a minute costs a host nothing, and what died without a word is told for a minute and no longer.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    /// <summary>After a failure; doubled after the second. The third ends it.</summary>
    internal static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(15);

    /// <summary>After a peer's session ended it is dialled within this time: mostly it is gone.</summary>
    internal static readonly TimeSpan AfterDetaching = TimeSpan.FromSeconds(1);

    /// <summary>A peer that was taken over is dialled within this time: a gateway that died leaves many.</summary>
    internal static readonly TimeSpan AfterAdoption = TimeSpan.FromSeconds(10);

    /// <summary>When a dial was not possible, or its result not taken.</summary>
    internal static readonly TimeSpan AfterRefusal = TimeSpan.FromSeconds(10);

    /// <summary>A dial counts for a record that the peer publishes within this time: it does so in a second, and a shard must not learn old news as new.</summary>
    internal static readonly TimeSpan DialCounts = TimeSpan.FromSeconds(30);

    internal const double MinJitter = 0.75, MaxJitter = 1.25;

    /// <summary>How often shards are read, times the same jitter.</summary>
    internal static readonly TimeSpan ReadPeriod = TimeSpan.FromSeconds(30);
}
