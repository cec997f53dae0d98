using Crust.Nat.HolePunching;

namespace Crust.GatewayProtocol;

/// <summary>What a peer tells its gateway of an attempt, and what a gateway believes of it: kinds, times and codes within their bounds. Pure.</summary>
internal static class ReportCodec
{
    /// <summary>Longest time that is told. Ours: no attempt takes longer.</summary>
    internal static readonly TimeSpan MaxTime = TimeSpan.FromMinutes(5);

    /// <summary>Most probes that are told: those of a spray and its openers.</summary>
    internal const int MaxSprayed = 1 << 16;

    private const uint KnownKinds = (1u << ((int)CandidateKind.PeerReflexive + 1)) - 2;

    /// <summary>The notice of a report.</summary>
    internal static PunchReport Write(AttemptReport report)
    {
        var told = new PunchReport
        {
            Tcp = report.IsTcp,
            Initiator = report.IsInitiator,
            Fresh = report.IsFresh,
            LocalPorts = (uint)report.LocalPorts,
            LocalLax = !report.LocalFiltersPorts,
            RemotePorts = (uint)report.RemotePorts,
            RemoteLax = !report.RemoteFiltersPorts,
            LocalKinds = (uint)report.LocalKinds & KnownKinds,
            RemoteKinds = (uint)report.RemoteKinds & KnownKinds,
            Strategy = (uint)report.Strategy,
            Failure = (uint)report.Failure,
            Sprayed = (uint)Math.Clamp(report.Sprayed, 0, MaxSprayed),
        };
        if (report.Gathered is { } gathered)
            told.Gathered = Milliseconds(gathered);
        if (report.Met is { } met)
            told.Met = Milliseconds(met);
        if (report.Heard is { } heard)
            told.Heard = Milliseconds(heard);
        if (report.Nominated is { } nominated)
            told.Nominated = Milliseconds(nominated);
        if (report.Linked is { } linked)
            told.Linked = Milliseconds(linked);
        return told;
    }

    /// <summary>What a notice says; false when anything in it is out of bounds.</summary>
    internal static bool TryRead(PunchReport told, out AttemptReport report)
    {
        report = null!;
        if (told.LocalPorts > (uint)PortPredictability.Random || told.RemotePorts > (uint)PortPredictability.Random || told.Strategy > (uint)PunchStrategy.Brief
            || told.Failure > (uint)PunchFailure.Busy || ((told.LocalKinds | told.RemoteKinds) & ~KnownKinds) != 0 || told.Sprayed > MaxSprayed
            || told.HasLinked != (told.Failure == (uint)PunchFailure.None)
            || !AreTimes(told.Gathered, told.Met, told.Heard, told.Nominated, told.Linked))
            return false;
        report = new AttemptReport
        {
            IsTcp = told.Tcp,
            IsInitiator = told.Initiator,
            IsFresh = told.Fresh,
            LocalPorts = (PortPredictability)told.LocalPorts,
            LocalFiltersPorts = !told.LocalLax,
            RemotePorts = (PortPredictability)told.RemotePorts,
            RemoteFiltersPorts = !told.RemoteLax,
            LocalKinds = (int)told.LocalKinds,
            RemoteKinds = (int)told.RemoteKinds,
            Strategy = (PunchStrategy)told.Strategy,
            Failure = (PunchFailure)told.Failure,
            Gathered = told.HasGathered ? TimeSpan.FromMilliseconds(told.Gathered) : null,
            Met = told.HasMet ? TimeSpan.FromMilliseconds(told.Met) : null,
            Heard = told.HasHeard ? TimeSpan.FromMilliseconds(told.Heard) : null,
            Nominated = told.HasNominated ? TimeSpan.FromMilliseconds(told.Nominated) : null,
            Linked = told.HasLinked ? TimeSpan.FromMilliseconds(told.Linked) : null,
            Sprayed = (int)told.Sprayed,
        };
        return true;
    }

    private static bool AreTimes(params ReadOnlySpan<uint> milliseconds)
    {
        foreach (var time in milliseconds)
        {
            if (time > MaxTime.TotalMilliseconds)
                return false;
        }

        return true;
    }

    private static uint Milliseconds(TimeSpan time) => (uint)Math.Clamp(time.TotalMilliseconds, 0, MaxTime.TotalMilliseconds);
}
