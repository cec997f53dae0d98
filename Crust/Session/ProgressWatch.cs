using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// Knows since when the remote takes no part: since when it has acknowledged nothing although something waits for that, since when nothing has come of what it
/// began, and since when its link takes nothing although something waits to be written. Signs of life do not count: a remote can send pings for ever.
/// </summary>
/// <param name="timeout">How long each may last.</param>
internal sealed class ProgressWatch(TimeSpan timeout)
{
    /// <summary>The reason that a remote is given which shows signs of life and neither acknowledges, nor reads, nor ends what it began.</summary>
    internal const string Reason = "Nothing of what was sent was acknowledged or read, or nothing more came of what was begun, for too long.";

    private Debt _ours;
    private Debt _remotes;
    private Instant? _blockedSince;

    /// <summary>When the session is over for want of progress; null while nothing waits.</summary>
    internal Instant? Deadline => Instant.Earlier(Instant.Earlier(_ours.Since, _remotes.Since), _blockedSince) + timeout;

    /// <summary>The link was asked what it takes: it takes something.</summary>
    internal void HandlePolled() => _blockedSince = null;

    /// <summary>How things stand after an input.</summary>
    /// <param name="sending">What we sent: a number that rises with each acknowledgement and each first writing, and whether something waits for its acknowledgement.</param>
    /// <param name="receiving">What the remote sends: a number that rises with all that arrives, and whether something has begun and is not whole, or not stated.</param>
    /// <param name="isWaiting">Whether something waits to be written to a link that stands.</param>
    /// <param name="now">Now.</param>
    internal void Handle((long Progress, bool IsOwed) sending, (long Progress, bool IsOwed) receiving, bool isWaiting, Instant now)
    {
        _ours.Handle(sending.Progress, sending.IsOwed, now);
        _remotes.Handle(receiving.Progress, receiving.IsOwed, now);
        if (!isWaiting)
            _blockedSince = null;
        else
            _blockedSince ??= now;
    }

    private struct Debt
    {
        private long _progress;

        internal Instant? Since { get; private set; }

        internal void Handle(long progress, bool isOwed, Instant now)
        {
            if (progress > _progress || !isOwed)
                Since = null;
            _progress = progress;
            if (isOwed)
                Since ??= now;
        }
    }
}
