using System.Globalization;

namespace Crust.Nat.HolePunching;

/// <summary>What one side saw of an attempt: kinds, times and a code, no addresses and no names.</summary>
internal sealed record AttemptReport
{
    /// <summary>Whether it was over TCP.</summary>
    internal bool IsTcp { get; init; }

    /// <summary>Whether this side offered.</summary>
    internal bool IsInitiator { get; init; }

    /// <summary>Whether its own socket was left alone for a fresh one.</summary>
    internal bool IsFresh { get; init; }

    /// <summary>What our NAT does.</summary>
    internal PortPredictability LocalPorts { get; init; }

    internal bool LocalFiltersPorts { get; init; }

    /// <summary>What the remote said of its.</summary>
    internal PortPredictability RemotePorts { get; init; }

    internal bool RemoteFiltersPorts { get; init; }

    /// <summary>The kinds of candidates that we told: bit n for the kind with number n.</summary>
    internal int LocalKinds { get; init; }

    /// <summary>The kinds that the remote told.</summary>
    internal int RemoteKinds { get; init; }

    internal PunchStrategy Strategy { get; init; }

    /// <summary>None when a link came of it.</summary>
    internal PunchFailure Failure { get; init; }

    /// <summary>From the beginning until servers had answered; null when it did not come so far. So the next ones.</summary>
    internal TimeSpan? Gathered { get; init; }

    /// <summary>Until both descriptions were known.</summary>
    internal TimeSpan? Met { get; init; }

    /// <summary>Until the remote was heard directly.</summary>
    internal TimeSpan? Heard { get; init; }

    /// <summary>Until a pair was nominated.</summary>
    internal TimeSpan? Nominated { get; init; }

    /// <summary>Until a link stood.</summary>
    internal TimeSpan? Linked { get; init; }

    /// <summary>Probes and openers of a spray.</summary>
    internal int Sprayed { get; init; }

    /// <summary>The kinds in a description; 0 without one.</summary>
    internal static int KindsOf(PunchDescription? description)
    {
        var kinds = 0;
        foreach (var candidate in description?.Candidates ?? [])
            kinds |= 1 << (int)candidate.Kind;
        return kinds;
    }

    /// <summary>One line for a log.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsTcp ? "TCP" : "UDP")} {(IsInitiator ? "offered" : "answered")}: {(Failure == PunchFailure.None ? "linked" : Failure)}, {Strategy}, {LocalPorts} with {RemotePorts}; gathered {Milliseconds(Gathered)}, met {Milliseconds(Met)}, heard {Milliseconds(Heard)}, nominated {Milliseconds(Nominated)}, linked {Milliseconds(Linked)} ms; sprayed {Sprayed}");

    private static string Milliseconds(TimeSpan? time) => time is { } value ? value.TotalMilliseconds.ToString("F1", CultureInfo.InvariantCulture) : "–";
}
