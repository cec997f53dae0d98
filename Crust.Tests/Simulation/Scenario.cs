using Crust.Session;

namespace Crust.Tests.Simulation;

/// <summary>What kind of story a seed tells: drawn from the seed, which decides everything else too.</summary>
internal sealed record Scenario
{
    internal ScenarioKind Kind { get; private init; }

    internal int Nodes { get; private init; } = 2;

    /// <summary>How long applications send and faults happen.</summary>
    internal TimeSpan Duration { get; private init; }

    /// <summary>Mean time between faults; null for none.</summary>
    internal TimeSpan? FaultEvery { get; private init; }

    internal double Signs { get; private init; }

    /// <summary>Share of links that are relayed.</summary>
    internal double Relayed { get; private init; }

    internal bool IsSlow { get; private init; }

    /// <summary>Relays between the nodes: relayed links are circuits through them. So it is for every fifth seed of each kind.</summary>
    internal int Relays { get; private init; }

    /// <summary>Whether links may be µTP connections over a datagram network: so it is for every second seed of each kind.</summary>
    internal bool HasDatagrams { get; private init; }

    /// <summary>Where they may be: the share of them that is.</summary>
    internal double UtpShare { get; private init; }

    /// <summary>Payload bytes that one end of a session sends at most, all messages and streams together.</summary>
    internal long BytesPerEnd { get; private init; }

    /// <summary>Messages of up to 2 MiB.</summary>
    internal bool HasLargeMessages { get; private init; }

    /// <summary>Streams that an end has open at most: few, or as many as it may.</summary>
    internal int OpenStreams { get; private init; }

    /// <summary>Mean pause of an application between two things that it does.</summary>
    internal TimeSpan Pause { get; private init; }

    /// <summary>How long an application may keep what it was given.</summary>
    internal TimeSpan HoldsUpTo { get; private init; }

    /// <summary>
    /// What an end sends at most where the network is slow. A link of 20 kB/s whose queue has room for one packet carries half of that, and everything is to arrive
    /// within the time that healing may take.
    /// </summary>
    private const long MaxSlowBytesPerEnd = 6 * 192 << 10;

    /// <summary>Every so many seeds of a kind have datagrams.</summary>
    private const ulong DatagramsEvery = 2;

    /// <summary>Every so many seeds of a kind have circuits.</summary>
    private const ulong CircuitsEvery = 5;

    internal static Scenario Draw(World world)
    {
        var random = world.Random;
        var kinds = (ulong)Enum.GetValues<ScenarioKind>().Length;
        var kind = (ScenarioKind)(world.Seed % kinds);
        // Over all kinds, and with and without datagrams.
        var hasCircuits = ((world.Seed / kinds) + (world.Seed % kinds)) % CircuitsEvery == CircuitsEvery - 1;
        var seconds = kind switch
        {
            ScenarioKind.Calm => random.Next(5, 60),
            ScenarioKind.LinkChanges => random.Next(3, 20),
            ScenarioKind.Starved => random.Next(5, 30),
            ScenarioKind.LongPartitions => random.Next(200, 500),
            _ => random.Next(10, 120),
        };
        var scenario = new Scenario
        {
            Kind = kind,
            Nodes = random.Chance(0.25) ? 3 : 2,
            Duration = TimeSpan.FromSeconds(seconds),
            FaultEvery = kind switch
            {
                ScenarioKind.Calm => null,
                ScenarioKind.LinkChanges => TimeSpan.FromMilliseconds(random.Next(60, 400)),
                ScenarioKind.Starved => TimeSpan.FromMilliseconds(random.Next(200, 1500)),
                ScenarioKind.LongPartitions => TimeSpan.FromSeconds(random.Next(20, 80)),
                _ => TimeSpan.FromSeconds(0.3 + random.NextDouble() * 5),
            },
            Signs = kind == ScenarioKind.Starved ? 1 : random.Next(3) switch { 0 => 1, 1 => 0, _ => 0.5 },
            Relays = hasCircuits ? 2 : 0,
            Relayed = (hasCircuits ? 0.3 : 0) + (random.NextDouble() * 0.6),
            HasDatagrams = world.Seed / kinds % DatagramsEvery == DatagramsEvery - 1,
            UtpShare = world.Seed / kinds % (2 * DatagramsEvery) < DatagramsEvery ? 1 : 0.6,
            IsSlow = kind != ScenarioKind.LinkChanges && random.Chance(0.15),
            BytesPerEnd = (kind == ScenarioKind.Starved ? 24 : random.Next(1, 12)) * 192L << 10,
            HasLargeMessages = kind == ScenarioKind.Starved || random.Chance(0.3),
            OpenStreams = random.Chance(0.06) ? WireLimits.MaxStreams * 2 : 12,
            Pause = TimeSpan.FromSeconds(seconds) / random.Next(20, 500),
            HoldsUpTo = kind == ScenarioKind.Starved || random.Chance(0.3) ? TimeSpan.FromSeconds(random.Next(1, 20)) : TimeSpan.FromMilliseconds(random.Next(1, 200)),
        };
        return scenario.IsSlow ? scenario with { BytesPerEnd = Math.Min(scenario.BytesPerEnd, MaxSlowBytesPerEnd) } : scenario;
    }

    /// <summary>Bounds and intervals of a node: the product's defaults, or smaller ones, so that rare things happen often.</summary>
    internal SessionLimits DrawLimits(World world)
    {
        var random = world.Random;
        var isDefault = random.Chance(0.4);
        return new SessionLimits
        {
            Memory = new MemoryBudget(random.Next(4) switch { 0 => 0, 1 => 1 << 20, _ => 256 << 20 }),
            MaxWindow = isDefault ? SessionLimits.Default.MaxWindow : 256L << (10 + random.Next(0, 6)),
            MaxStreamWindow = isDefault ? SessionLimits.Default.MaxStreamWindow : 64L << (10 + random.Next(0, 6)),
            MaxQueueAge = isDefault ? SessionLimits.Default.MaxQueueAge : TimeSpan.FromSeconds(random.Next(2, 60)),
            MaxLinkAge = isDefault ? SessionLimits.Default.MaxLinkAge : TimeSpan.FromSeconds(random.Next(30, 300)),
            HeartbeatInterval = SessionLimits.Default.HeartbeatInterval,
            IdleTimeout = SessionLimits.Default.IdleTimeout,
            KeepEvidence = random.Chance(0.9),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}, {Nodes} nodes, {Duration.TotalSeconds:F0} s{(HasDatagrams ? $", {UtpShare:P0} µTP" : "")}{(Relays > 0 ? $", {Relays} relays" : "")}";
}
