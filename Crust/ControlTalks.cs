using System.Collections.Concurrent;
using Crust.Identity;
using Crust.Nat.HolePunching;
using Crust.Nat.HolePunching.Driver;
using Crust.PeerProtocol;
using Crust.Primitives.Driver;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;

namespace Crust;

/// <summary>
/// Control circuits: what two peers say over a gateway to find a direct path, where one of them takes no other (<see cref="PathPolicy.DirectOnly"/>). The session begins on
/// the direct link. Thread safe.
/// </summary>
internal sealed class ControlTalks : IAsyncDisposable
{
    /// <summary>Talks at a time that others began. Ours: each may punch, and eight of those run at a time.</summary>
    private const int MaxTaken = 64;

    /// <summary>How long a talk that another began may last. Ours: the caller's patience and some more; it closes it itself.</summary>
    private static readonly TimeSpan TakenLongest = DirectPatience.Longest + TimeSpan.FromSeconds(5);

    private readonly Action<ISignalling, PunchEnvelope> _handle;
    private readonly PathUpgrader _upgrader;
    private readonly ControlHandshaker _handshaker;
    private readonly CircuitDialer _dialer;
    private readonly MonotonicClock _clock;
    private readonly CancellationToken _stopped;
    private readonly ConcurrentDictionary<ControlTalk, Look> _looks = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, ControlTalk> _taken = [];
    private readonly RunningTasks _running = new();

    /// <param name="handle">Takes what peers say of punches.</param>
    /// <param name="upgrader">Looks for direct paths.</param>
    /// <param name="handshaker">Secures control circuits.</param>
    /// <param name="dialer">Opens them.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="stopped">Cancelled when the node stops.</param>
    internal ControlTalks(
        Action<ISignalling, PunchEnvelope> handle, PathUpgrader upgrader, ControlHandshaker handshaker, CircuitDialer dialer, MonotonicClock clock, CancellationToken stopped)
    {
        (_handle, _upgrader, _handshaker, _dialer, _clock, _stopped) = (handle, upgrader, handshaker, dialer, clock, stopped);
        upgrader.Turned += OnTurned;
    }

    /// <summary>How long a peer will be looked for.</summary>
    /// <param name="longest">At most.</param>
    internal DirectPatience Begin(TimeSpan longest) => new(_clock.Now, longest);

    /// <summary>Whether that time is over.</summary>
    internal bool IsOver(DirectPatience patience) => patience.IsOver(_clock.Now);

    /// <summary>Calls a peer over its gateway, and looks for a direct path with it until one is there, or patience ends, or the circuit.</summary>
    /// <param name="peer">Who is called.</param>
    /// <param name="found">Where it is.</param>
    /// <param name="patience">How long.</param>
    /// <param name="arrived">Ends when there is a session with the peer; null: as soon as a link came of it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>Null when it talked, and else, or when the circuit ended too early, why; for people.</returns>
    internal async Task<string?> LookAsync(PeerId peer, FoundPeer found, DirectPatience patience, Task? arrived, CancellationToken cancellationToken)
    {
        var (circuit, failure) = await _dialer.OpenAsync(peer, found, CircuitKind.Control, cancellationToken).ConfigureAwait(false);
        if (circuit is null)
            return failure;
        var start = _clock.Now;
        if (await _handshaker.InitiateAsync(circuit, peer, cancellationToken).ConfigureAwait(false) is not { } link)
            return CircuitDialer.WhyEnded(circuit);
        var talk = new ControlTalk(link, circuit, _clock.Now - start, _handle, _clock);
        await using var closing = talk.ConfigureAwait(false);
        var look = new Look(patience, endsWithLink: arrived is null);
        _looks[talk] = look;
        try
        {
            _upgrader.Watch(talk);
            var left = patience.End - _clock.Now;
            await Task.WhenAny(talk.Completion, arrived ?? look.Decided, look.Decided)
                .WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock.TimeProvider, cancellationToken).ConfigureAwait(false);
            return talk.Completion.IsCompleted && arrived is not { IsCompletedSuccessfully: true } ? talk.EndedBy ?? "the control circuit ended" : null;
        }
        catch (TimeoutException)
        {
            // Patience is over.
            return null;
        }
        finally
        {
            _looks.TryRemove(talk, out _);
        }
    }

    /// <summary>Answers a control circuit: takes the link over, and ends once it is secured, or came to nothing.</summary>
    internal async Task TakeAsync(CircuitLink ownedLink, CancellationToken cancellationToken)
    {
        if (await _handshaker.RespondAsync(ownedLink, cancellationToken).ConfigureAwait(false) is not { } link)
            return;
        ControlTalk talk;
        ControlTalk? older;
        lock (_gate)
        {
            _taken.TryGetValue(link.Result.Remote, out older);
            if (_stopped.IsCancellationRequested || (older is null && _taken.Count >= MaxTaken))
            {
                _running.Add(link.DisposeAsync().AsTask());
                return;
            }

            talk = new ControlTalk(link, ownedLink, null, _handle, _clock);
            _taken[talk.Remote] = talk;
            _running.Add(EndAsync(talk));
        }

        // Whoever calls again has given up the first.
        older?.Close();
        _upgrader.Watch(talk);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            foreach (var talk in _taken.Values)
                talk.Close();
        }

        await _running.WhenEndedAsync().ConfigureAwait(false);
    }

    private void OnTurned(ISignalling talk, PunchFailure failure)
    {
        if (talk is ControlTalk control && _looks.TryGetValue(control, out var look))
            look.HandleTurn(failure);
    }

    private async Task EndAsync(ControlTalk talk)
    {
        await talk.Completion.WaitAsync(TakenLongest, _clock.TimeProvider, _stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await talk.DisposeAsync().ConfigureAwait(false);
        lock (_gate)
        {
            if (_taken.TryGetValue(talk.Remote, out var newest) && newest == talk)
                _taken.Remove(talk.Remote);
        }
    }

    /// <summary>One search of ours.</summary>
    private sealed class Look(DirectPatience patience, bool endsWithLink)
    {
        private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Decided => _decided.Task;

        internal void HandleTurn(PunchFailure failure)
        {
            // One turn at a time, but the next may begin on another thread.
            lock (_decided)
            {
                if (failure != PunchFailure.None)
                    patience.HandleFailure(failure);
                if (patience.IsHopeless || (failure == PunchFailure.None && endsWithLink))
                    _decided.TrySetResult();
            }
        }
    }
}
