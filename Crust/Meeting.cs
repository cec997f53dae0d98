using Crust.Dialing.Driver;
using Crust.Identity;
using Crust.Nat.HolePunching;
using Crust.Session.Driver;

namespace Crust;

/// <summary>
/// One attempt to meet a peer, by every way at once: its addresses are dialled, a gateway introduces us so that it dials ours, and a circuit is made over its
/// gateway. The first secure link carries the session; what the others yield joins it, as the better link or as the standby. Ends when every way has come to
/// its end, which may be long after the first.
/// </summary>
/// <param name="peer">Who is to be met.</param>
/// <param name="policy">Which ways may be taken.</param>
/// <param name="dialer">Dials addresses.</param>
/// <param name="circuits">Makes circuits.</param>
/// <param name="controls">Looks for direct paths where a circuit may carry nothing else; null where that cannot be.</param>
/// <param name="longest">How long a meeting may take.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class Meeting(PeerId peer, PathPolicy policy, Dialer dialer, CircuitDialer circuits, ControlTalks? controls, TimeSpan longest, TimeProvider timeProvider)
{
    /// <summary>
    /// How much later than the dial the circuit begins, when there is something to dial; the way to the peer's gateway is made meanwhile. Ours: on one host or link the direct path, which is one hop and
    /// one look at a gateway shorter, is then mostly there first, and nothing has to move; where it is not, this is what it costs.
    /// </summary>
    internal static readonly TimeSpan CircuitDelay = TimeSpan.FromMilliseconds(4);

    /// <summary>
    /// How long a standby that was asked for a sign of life has for itself, before a circuit is made beside it. Ours: most round trips over a gateway; who takes longer gets a circuit too many, which
    /// the session gives up.
    /// </summary>
    internal static readonly TimeSpan StandbyDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Pauses before the peer is looked up again whose circuit did not come about: it may be about to attach elsewhere.</summary>
    private static readonly TimeSpan[] CircuitPauses = [TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(400), TimeSpan.FromMilliseconds(800), TimeSpan.FromMilliseconds(1600)];

    /// <summary>What part of a meeting's time is spent on a direct path. Ours: it must end before the meeting does, to say why.</summary>
    private const double Share = 0.75;

    private readonly TaskCompletionSource<SessionDriver> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionDriver? _taken;
    private string? _standing;
    private DirectPatience? _patience;

    internal PeerId Peer => peer;

    /// <summary>Ends with the first session.</summary>
    internal Task<SessionDriver> First => _first.Task;

    /// <summary>What became of the dial, once it is over.</summary>
    internal DialResult? Dialled { get; private set; }

    /// <summary>Why there is no circuit, once that is known.</summary>
    internal string? CircuitFailure { get; private set; }

    /// <summary>How the dial stood when it was given up.</summary>
    internal string? Standing => _standing;

    /// <summary>Where the peer was looked for; empty before it was found.</summary>
    internal IReadOnlyList<PeerAddress> Addresses { get; set; } = [];

    /// <summary>Dials addresses of the peer.</summary>
    internal async Task DialAsync(IReadOnlyList<PeerAddress> addresses, CancellationToken cancellationToken)
    {
        if (addresses.Count == 0)
            return;
        var dialled = await dialer.DialAsync(peer, addresses, cancellationToken, standing => _standing = standing).ConfigureAwait(false);
        Dialled = Dialled is null ? dialled : new DialResult(dialled.Session ?? Dialled.Session, dialled.Reached || Dialled.Reached, [.. Dialled.Failures, .. dialled.Failures]);
        if (dialled.Session is { } session)
            Take(session);
        else if (_taken is { } relayed)
            relayed.NotDirect = Dialled.Explain();
    }

    /// <summary>Why both sides together found no direct path; null when they did not look for one before there is a session.</summary>
    internal string? NoDirectPath => _patience?.Explain();

    /// <summary>
    /// Makes a circuit; looks the peer up again where that may help. Where this side or the peer takes no session over a gateway, a control circuit, over which both look
    /// for a direct path.
    /// </summary>
    /// <param name="found">Where the peer is.</param>
    /// <param name="again">Looks it up again; null when that fails.</param>
    /// <param name="delay">How long the dial has for itself.</param>
    /// <param name="arrived">Ends when the session is there that is wanted; null when any link will do.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    internal async Task CallAsync(FoundPeer found, Func<CancellationToken, Task<FoundPeer?>> again, TimeSpan delay, Task? arrived, CancellationToken cancellationToken)
    {
        if (delay > TimeSpan.Zero)
        {
            if (delay == CircuitDelay && policy != PathPolicy.DirectOnly)
                // The circuit joins it.
                _ = circuits.PrepareAsync(found, cancellationToken);
            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        // Of a session that doubted its link: it moved meanwhile.
        if (arrived is { IsCompleted: true } && delay == StandbyDelay)
            return;
        for (var attempt = 0; ; attempt++)
        {
            var isRefused = policy == PathPolicy.DirectOnly;
            if (!isRefused)
            {
                var call = await circuits.DialAsync(peer, found, cancellationToken).ConfigureAwait(false);
                CircuitFailure = call.Failure;
                if (call.Session is { } session)
                {
                    session.NotDirect ??= NotYet(found);
                    Take(session);
                    return;
                }

                isRefused = call.IsRefused && policy == PathPolicy.Any;
            }

            if (isRefused && controls is not null && !IsThere(arrived) && await LookAsync(controls, found, arrived, cancellationToken).ConfigureAwait(false))
                return;

            // A direct link is there: a standby is not worth many tries.
            if (attempt == CircuitPauses.Length || IsThere(arrived))
                return;
            await Task.Delay(CircuitPauses[attempt], timeProvider, cancellationToken).ConfigureAwait(false);
            found = await again(cancellationToken).ConfigureAwait(false) ?? found;
        }
    }

    /// <summary>A session is there.</summary>
    internal void Take(SessionDriver session)
    {
        _taken ??= session;
        _first.TrySetResult(session);
    }

    private bool IsThere(Task? arrived) => _first.Task.IsCompleted || arrived is { IsCompleted: true };

    /// <summary>Looks for a direct path together with the peer; true when it is decided, for good or ill.</summary>
    private async Task<bool> LookAsync(ControlTalks talks, FoundPeer found, Task? arrived, CancellationToken cancellationToken)
    {
        var patience = _patience ?? talks.Begin(longest * Share);
        var there = arrived is null ? null : Task.WhenAny(arrived, _first.Task);
        var failure = await talks.LookAsync(peer, found, patience, there, cancellationToken).ConfigureAwait(false);
        if (failure is null)
            _patience = patience;
        else
            CircuitFailure = failure;
        return failure is null || talks.IsOver(patience);
    }

    private string NotYet(FoundPeer found) => policy == PathPolicy.RelayOnly ? "this node takes only relayed paths"
        : Dialled is { Session: null } over ? over.Explain()
        : found.Record.Addresses.Count == 0 ? "the peer lists no address"
        : "no address of the peer had answered by then";
}
