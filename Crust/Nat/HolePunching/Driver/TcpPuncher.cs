using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.PeerProtocol;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>
/// Opens TCP links through NATs for sessions that stand, from the ports that listen (RFC 5128 §3.4, RFC 5382 §4.2): both sides dial at one moment, and again whenever they are refused,
/// until one connection stands, whoever's SYN made it. The lower id begins the handshake on it. Thread safe.
/// </summary>
internal sealed class TcpPuncher(PunchEnvironment environment, PunchedPaths paths, LinkAdopter adopter, MonotonicClock clock, ILogger logger, CancellationToken stopped)
    : IAsyncDisposable
{
    /// <summary>Attempts at a time, both kinds. Ours.</summary>
    private const int MaxAttempts = 8;

    /// <summary>Most addresses that are dialled: each try is a SYN.</summary>
    private const int MaxTargets = 6;

    /// <summary>How much earlier the higher id dials. Ours: what round trips vary by.</summary>
    private static readonly TimeSpan OpeningTime = TimeSpan.FromMilliseconds(30);

    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(3), UsualRoundTrip = TimeSpan.FromMilliseconds(200), HandshakeTimeout = TimeSpan.FromSeconds(4);

    private readonly Lock _gate = new();
    private readonly Dictionary<ISignalling, Attempt> _active = [];
    private readonly RunningTasks _running = new();

    /// <summary>Told of each attempt that ended, whoever began it. Must return soon.</summary>
    internal event Action<ISignalling, AttemptReport>? Ended;

    /// <summary>Makes an attempt; never faults.</summary>
    internal Task<AttemptReport> PunchAsync(ISignalling talk, CancellationToken cancellationToken)
    {
        var attempt = new Attempt(SecureRandom.Bytes(PunchTalk.AttemptIdLength), true, clock.Now);
        return TryBegin(talk, attempt)
            ? RunAsync(talk, attempt, token => OfferAsync(talk, attempt, token), cancellationToken)
            : Task.FromResult(new AttemptReport { IsTcp = true, IsInitiator = true, Failure = PunchFailure.Busy });
    }

    /// <summary>Takes a message of the talk if it concerns TCP.</summary>
    internal bool TryHandle(ISignalling talk, PunchEnvelope envelope)
    {
        var id = envelope.Attempt.ToByteArray();
        switch (envelope.BodyCase)
        {
            case PunchEnvelope.BodyOneofCase.Offer when envelope.Offer.Protocol == PunchProtocol.PunchTcp:
                if (PunchTalk.TryRead(envelope.Offer, out var offer))
                    Answer(talk, id, offer);
                return true;
            case PunchEnvelope.BodyOneofCase.Answer when envelope.Answer.Protocol == PunchProtocol.PunchTcp:
                if (PunchTalk.TryRead(envelope.Answer, out var answer))
                    Find(talk, id)?.Remote.TrySetResult(answer);
                return true;
            case PunchEnvelope.BodyOneofCase.Start:
                Find(talk, id)?.Start.TrySetResult();
                return true;
            case PunchEnvelope.BodyOneofCase.End:
                var ended = Find(talk, id);
                ended?.Stop.Cancel();
                return ended is not null;
            default:
                return false;
        }
    }

    public async ValueTask DisposeAsync() => await _running.WhenEndedAsync().ConfigureAwait(false);

    private bool TryBegin(ISignalling talk, Attempt attempt)
    {
        lock (_gate)
            return environment.Tcp?.Shared is not null && !stopped.IsCancellationRequested && _active.Count < MaxAttempts && _active.TryAdd(talk, attempt);
    }

    private void Answer(ISignalling talk, byte[] id, PunchDescription offer)
    {
        var attempt = new Attempt(id, false, clock.Now);
        lock (_gate)
        {
            // Both offered at once: the lower id's counts.
            if (_active.TryGetValue(talk, out var ours) && ours.IsInitiator && !ours.Remote.Task.IsCompleted && environment.Self > talk.Remote)
            {
                ours.Stop.Cancel();
                _active.Remove(talk);
            }
        }

        if (!TryBegin(talk, attempt))
        {
            talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteEnd(id, PunchFailure.Busy));
            return;
        }

        attempt.Remote.TrySetResult(offer);
        _running.Add(Task.Run(() => RunAsync(talk, attempt, token => AnswerAsync(talk, attempt, offer, token), stopped)));
    }

    private async Task<AttemptReport> RunAsync(ISignalling talk, Attempt attempt, Func<CancellationToken, Task<PunchFailure>> run, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Stop.Token, cancellationToken, stopped);
        var failure = PunchFailure.Cancelled;
        try
        {
            failure = await run(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The other side gave up, or the node stops.
        }
        finally
        {
            lock (_gate)
            {
                if (_active.TryGetValue(talk, out var active) && active == attempt)
                    _active.Remove(talk);
            }
        }

        if (failure != PunchFailure.None && attempt.IsInitiator)
            talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteEnd(attempt.Id, failure));
        var took = clock.Now - attempt.Begun;
        var told = attempt.Remote.Task.IsCompletedSuccessfully ? await attempt.Remote.Task.ConfigureAwait(false) : null;
        var report = new AttemptReport
        {
            IsTcp = true,
            IsInitiator = attempt.IsInitiator,
            LocalPorts = attempt.Local?.Ports ?? default,
            LocalFiltersPorts = attempt.Local?.FiltersPorts ?? true,
            RemotePorts = told?.Ports ?? default,
            RemoteFiltersPorts = told?.FiltersPorts ?? true,
            LocalKinds = AttemptReport.KindsOf(attempt.Local),
            RemoteKinds = AttemptReport.KindsOf(told),
            Failure = failure,
            Linked = failure == PunchFailure.None ? took : null,
        };
        Log.PunchEnded(logger, talk.Remote.ToShortString(), report);
        Ended?.Invoke(talk, report);
        return report;
    }

    private async Task<PunchFailure> OfferAsync(ISignalling talk, Attempt attempt, CancellationToken cancellationToken)
    {
        attempt.Local = Describe();
        if (!talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteSide(attempt.Id, attempt.Local, PunchProtocol.PunchTcp, isOffer: true)))
            return PunchFailure.Cancelled;
        PunchDescription answer;
        try
        {
            answer = await attempt.Remote.Task.WaitAsync(AnswerPatience + RoundTrip(talk), clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return PunchFailure.NoAnswer;
        }

        var targets = Targets(attempt.Local, answer);
        if (targets.Count == 0)
            return PunchFailure.NoCandidates;
        // The moment when the other side hears of it is the moment to dial.
        talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteStart(attempt.Id, TimeSpan.Zero));
        return await RaceAsync(talk, targets, clock.Now + RoundTrip(talk) / 2, cancellationToken).ConfigureAwait(false);
    }

    private async Task<PunchFailure> AnswerAsync(ISignalling talk, Attempt attempt, PunchDescription offer, CancellationToken cancellationToken)
    {
        attempt.Local = Describe();
        var targets = Targets(attempt.Local, offer);
        if (!talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteSide(attempt.Id, attempt.Local, PunchProtocol.PunchTcp, isOffer: false)))
            return PunchFailure.Cancelled;
        if (targets.Count == 0)
            return PunchFailure.NoCandidates;
        try
        {
            await attempt.Start.Task.WaitAsync(AnswerPatience + RoundTrip(talk), clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return PunchFailure.NoAnswer;
        }

        return await RaceAsync(talk, targets, clock.Now, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Dials all targets by their schedule, and takes connections from them, until one carries the session.</summary>
    private async Task<PunchFailure> RaceAsync(ISignalling talk, List<TransportAddress> targets, Instant start, CancellationToken cancellationToken)
    {
        var isLower = environment.Self < talk.Remote;
        var listening = environment.Tcp!.Shared!.Port;
        // The higher id's SYN opens its own NAT and goes no further; the lower id's comes after it, and meets that socket. So neither comes too early, where a router would answer by a reset.
        var schedule = new DialSchedule(targets, isLower ? start + OpeningTime : start);
        var links = Channel.CreateUnbounded<ConnectionContext>();
        var arrivals = targets.ConvertAll(target => isLower
            ? paths.Expect(listening, target, isTcp: true, link => links.Writer.TryWrite(link))
            : paths.Expect(listening, target, isTcp: true));
        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tries = new Dictionary<Task<ConnectionContext?>, int>();
        // The lower id, which speaks first, tries one link after the other; the higher listens on all.
        var securing = new List<Task<bool>>();
        var connected = false;
        try
        {
            while (true)
            {
                while (schedule.PollDial(clock.Now, out var target, out var remote))
                    tries[TryDialAsync(remote, opens: !isLower, race.Token)] = target;
                if (schedule.PollTimeout(clock.Now) is not { } due)
                    return connected ? PunchFailure.LinkFailed : PunchFailure.TimedOut;
                var wait = due - clock.Now;
                Task[] events = [.. tries.Keys, .. securing, .. isLower ? [] : arrivals];
                if (securing.Count == 0 || !isLower)
                    events = [.. events, links.Reader.WaitToReadAsync(race.Token).AsTask()];
                try
                {
                    await Task.WhenAny(events).WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock.TimeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // The next try is due.
                }

                foreach (var done in tries.Keys.Where(static t => t.IsCompleted).ToList())
                {
                    tries.Remove(done, out var target);
                    if (await done.ConfigureAwait(false) is { } link)
                        links.Writer.TryWrite(link);
                    else
                        schedule.HandleFailed(target, clock.Now);
                }

                foreach (var done in securing.Where(static t => t.IsCompleted).ToList())
                {
                    securing.Remove(done);
                    if (await done.ConfigureAwait(false))
                        return PunchFailure.None;
                }

                while ((securing.Count == 0 || !isLower) && links.Reader.TryRead(out var link))
                {
                    connected = true;
                    securing.Add(SecureAsync(talk, link, isLower, race.Token));
                }

                // The acceptor answers those that the lower id opened.
                if (!isLower && arrivals.Exists(static a => a.IsCompletedSuccessfully))
                    return PunchFailure.None;
            }
        }
        finally
        {
            await race.CancelAsync().ConfigureAwait(false);
            foreach (var target in targets)
                paths.Forget(listening, target, isTcp: true);
            links.Writer.TryComplete();
            await ((Task)Task.WhenAll(securing)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var late in tries.Keys)
            {
                if (await late.ConfigureAwait(false) is { } link)
                    link.Abort(new ConnectionAbortedException("another was faster"));
            }

            while (links.Reader.TryRead(out var unused))
                unused.Abort(new ConnectionAbortedException("another was faster"));
        }
    }

    private async Task<bool> SecureAsync(ISignalling talk, ConnectionContext ownedLink, bool isLower, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(HandshakeTimeout, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var carried = isLower
                ? await adopter.InitiateAsync(ownedLink, talk.Remote, ConnectionPath.PunchedTcp, LinkAdopter.Punched, either.Token).ConfigureAwait(false)
                : await adopter.RespondAsync(ownedLink, ConnectionPath.PunchedTcp, static () => true, either.Token).ConfigureAwait(false);
            return carried is not null;
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>One try; null when it was refused or reset, or the race is over.</summary>
    private async Task<ConnectionContext?> TryDialAsync(TransportAddress remote, bool opens, CancellationToken cancellationToken)
    {
        try
        {
            return await environment.Tcp!.ConnectFromListenerAsync(remote.ToIPEndPoint(), opens, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            return null;
        }
    }

    private PunchDescription Describe()
    {
        var port = environment.Tcp!.Shared!.Port;
        var knowledge = environment.TcpNat();
        var candidates = knowledge.External.Reverse().Take(2).Select(static e => new PunchCandidate(CandidateKind.ServerReflexive, TransportAddress.From(e)))
            .Concat(environment.Hosts().Take(MaxTargets).Select(h => new PunchCandidate(CandidateKind.Host, TransportAddress.From(new IPEndPoint(h, port)) with { ScopeId = 0 })))
            .DistinctBy(static c => c.Address);
        return new PunchDescription([.. candidates], knowledge.Ports, knowledge.FiltersPorts);
    }

    private List<TransportAddress> Targets(PunchDescription local, PunchDescription remote)
    {
        var hasIPv6 = local.Candidates.Any(static c => !c.Address.IsIPv4);
        return [.. remote.Candidates
            .Where(c => (c.Address.IsIPv4 || hasIPv6) && CheckTargets.MayCheck(c.Address, local, remote, environment.LoopbackAllowed()))
            .OrderByDescending(CheckList.PriorityOf).Select(static c => c.Address).Distinct().Take(MaxTargets)];
    }

    private Attempt? Find(ISignalling talk, byte[] id)
    {
        lock (_gate)
            return _active.TryGetValue(talk, out var attempt) && attempt.Id.AsSpan().SequenceEqual(id) ? attempt : null;
    }

    private static TimeSpan RoundTrip(ISignalling talk) => talk.RoundTrip ?? UsualRoundTrip;

    /// <summary>One attempt's state.</summary>
    private sealed class Attempt(byte[] id, bool isInitiator, Instant begun)
    {
        internal byte[] Id => id;

        internal bool IsInitiator => isInitiator;

        internal Instant Begun => begun;

        internal PunchDescription? Local { get; set; }

        internal TaskCompletionSource<PunchDescription> Remote { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Start { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal CancellationTokenSource Stop { get; } = new();
    }
}
