using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// Knows since when the remote takes no part: since when it has acknowledged nothing although something waits for that, and since when its link takes nothing
/// although something waits to be written. Signs of life do not count: a remote can send pings for ever.
/// </summary>
/// <param name="timeout">How long either may last.</param>
internal sealed class ProgressWatch(TimeSpan timeout)
{
    private Instant? _owedSince;
    private Instant? _blockedSince;
    private long _progress;

    /// <summary>When the session is over for want of progress; null while nothing waits.</summary>
    internal Instant? Deadline => Instant.Earlier(_owedSince, _blockedSince) + timeout;

    /// <summary>The link was asked what it takes: it takes something.</summary>
    internal void HandlePolled() => _blockedSince = null;

    /// <summary>How things stand after an input.</summary>
    /// <param name="progress">A number that rises with each acknowledgement and each first writing.</param>
    /// <param name="isOwed">Whether something waits for its acknowledgement.</param>
    /// <param name="isWaiting">Whether something waits to be written to a link that stands.</param>
    /// <param name="now">Now.</param>
    internal void Handle(long progress, bool isOwed, bool isWaiting, Instant now)
    {
        if (progress > _progress || !isOwed)
            _owedSince = null;
        _progress = progress;
        if (isOwed)
            _owedSince ??= now;
        if (!isWaiting)
            _blockedSince = null;
        else
            _blockedSince ??= now;
    }
}
