using System.Globalization;
using System.Text;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Dialing;

/// <summary>Why a dial came out as it did, in words for people. Pure.</summary>
internal static class DialReason
{
    internal const string NoAnswer = "no answer";

    /// <summary>Most other addresses that a reason names.</summary>
    private const int MaxNamed = 4;

    /// <summary><c>tcp://203.0.113.7:41234</c>: an address without its peer, which is known where this is read.</summary>
    internal static string Name(PeerAddress address) => $"{address.Transport.ToScheme()}://{address.EndPoint}";

    /// <summary>
    /// Why this candidate's link handshakes and not another: that it answered first, and what the others did that were tried.
    /// For example <c>utp://203.0.113.7:41234 answered first, in 12.3 ms; tcp://203.0.113.7:41233: no answer for 165 ms</c>.
    /// </summary>
    /// <param name="race">The race.</param>
    /// <param name="chosen">The one that is about to handshake.</param>
    /// <param name="favoured">The transport that had the head start.</param>
    /// <param name="now">Now.</param>
    internal static string Explain(DialRace race, DialRunner chosen, TransportKind favoured, Instant now)
    {
        var words = new StringBuilder();
        words.Append(CultureInfo.InvariantCulture, $"{Name(chosen.Address)} answered{(race.Runners.Count > 1 ? " first," : "")} in {Milliseconds(chosen.Opened - chosen.Started)} ms");
        if (favoured != TransportKind.Tcp && chosen.Address.Transport == favoured && race.Runners.Any(r => r.Address.Transport != favoured))
            words.Append(CultureInfo.InvariantCulture, $" ({chosen.Address.Transport.ToName()} was tried first: it alone worked last time)");
        var others = race.Runners.Where(r => r != chosen && r.State != DialState.Waiting).ToList();
        foreach (var other in others.Take(MaxNamed))
            words.Append(CultureInfo.InvariantCulture, $"; {Name(other.Address)}: {Outcome(other, now)}");
        if (others.Count > MaxNamed)
            words.Append(CultureInfo.InvariantCulture, $"; and {others.Count - MaxNamed} more");
        if (race.Runners.Count(r => r.State == DialState.Waiting) is > 0 and var spared)
            words.Append(CultureInfo.InvariantCulture, $"; {spared} more {(spared == 1 ? "address was" : "addresses were")} not needed");
        return words.ToString();
    }

    /// <summary>What became of each address that was tried, as long as nobody has won.</summary>
    internal static string Summarize(DialRace race, Instant now)
    {
        var tried = race.Runners.Where(r => r.State != DialState.Waiting).Select(r => $"{Name(r.Address)}: {Outcome(r, now)}").ToList();
        return tried.Count == 0 ? "no address was tried" : string.Join("; ", tried);
    }

    private static string Outcome(DialRunner runner, Instant now) => runner.State switch
    {
        DialState.Failed => runner.Failure!,
        DialState.Opening => $"{NoAnswer} for {Milliseconds(now - runner.Started)} ms",
        DialState.Shaking => $"answered, but said nothing for {Milliseconds(now - runner.Opened)} ms",
        _ => "answered later",
    };

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString(time.TotalMilliseconds < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
