using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.PeerProtocol;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>
/// Opens µTP links through NATs for sessions that stand: makes attempts, answers those of others within bounds, and hands the links over. One attempt for a session at a
/// time. Thread safe.
/// </summary>
internal sealed class Puncher(
    PunchEnvironment environment, PunchedPaths paths, LinkAdopter adopter, MonotonicClock clock, ILogger logger, CancellationToken stopped) : IStunRequestHandler, IAsyncDisposable
{
    /// <summary>Attempts at a time, both kinds. Ours: each sends up to 200 datagrams a second for some seconds.</summary>
    private const int MaxAttempts = 8;

    /// <summary>Most candidates of the host's own: room for what servers and routers say stays.</summary>
    private const int MaxHosts = 6;

    /// <summary>How long a spent attempt answers late checks, and keeps its sockets.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    /// <summary>Longest dial over a nominated pair, handshake included.</summary>
    private static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for what a gateway attests.</summary>
    private static readonly TimeSpan AttestationTimeout = TimeSpan.FromSeconds(2);

    /// <summary>What is assumed of a session that was never pinged.</summary>
    private static readonly TimeSpan UsualRoundTrip = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private readonly Dictionary<ISignalling, PunchAttempt> _active = [];
    private readonly Dictionary<string, PunchAttempt> _byName = new(StringComparer.Ordinal);
    private readonly RunningTasks _running = new();
    private readonly ConditionalWeakTable<ISignalling, OfferAllowance> _allowances = [];
    private readonly SprayPermits _permits = new(clock);

    /// <summary>Told of each attempt that ended, whoever began it. Must return soon.</summary>
    internal event Action<ISignalling, AttemptReport>? Ended;

    /// <summary>Whether an attempt for the session is under way.</summary>
    internal bool IsBusy(ISignalling talk)
    {
        lock (_gate)
            return _active.ContainsKey(talk);
    }

    /// <summary>Makes an attempt; never faults but by cancellation.</summary>
    internal async Task<AttemptReport> PunchAsync(ISignalling talk, bool fresh, CancellationToken cancellationToken)
    {
        var id = SecureRandom.Bytes(PunchTalk.AttemptIdLength);
        return TryBegin(talk, id, isInitiator: true, fresh) is { } attempt
            ? await RunAsync(talk, attempt, fresh, cancellationToken).ConfigureAwait(false)
            : new AttemptReport { IsInitiator = true, Failure = PunchFailure.Busy };
    }

    /// <summary>Takes a message of the talk; a bad one is dropped.</summary>
    internal void Handle(ISignalling talk, PunchEnvelope envelope)
    {
        var id = envelope.Attempt.ToByteArray();
        switch (envelope.BodyCase)
        {
            case PunchEnvelope.BodyOneofCase.Offer when PunchTalk.TryRead(envelope.Offer, out var offer):
                Answer(talk, id, offer);
                break;
            case PunchEnvelope.BodyOneofCase.Answer when PunchTalk.TryRead(envelope.Answer, out var answer):
                if (Find(talk, id) is { IsInitiator: true } offered)
                    offered.HandleDescription(answer);
                break;
            case PunchEnvelope.BodyOneofCase.End:
                Find(talk, id)?.Cancel(Known(envelope.End.Failure));
                break;
        }
    }

    void IStunRequestHandler.HandleRequest(StunDispatcher socket, StunMessage request, TransportAddress remote)
    {
        if (!request.TryGetUsername(out var username) || username.Length != 2 * PunchTalk.AttemptIdLength)
            return;
        Span<char> name = stackalloc char[2 * PunchTalk.AttemptIdLength];
        Encoding.ASCII.GetChars(username, name);
        PunchAttempt? attempt;
        lock (_gate)
            _byName.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out attempt);
        attempt?.HandleRequest(socket, request, remote);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            foreach (var attempt in _active.Values)
                _ = Task.Run(() => attempt.Cancel(PunchFailure.Cancelled));
        }

        await _running.WhenEndedAsync().ConfigureAwait(false);
    }

    private void Answer(ISignalling talk, byte[] id, PunchDescription offer)
    {
        PunchAttempt? ours;
        lock (_gate)
            _active.TryGetValue(talk, out ours);
        // Both offered at once: the lower id's counts.
        if (ours is { IsUnanswered: true } && IsLower(talk))
            return;
        // Whoever offers again has done with what it offered before.
        if (ours is { IsInitiator: false } or { IsUnanswered: true })
        {
            ours.Cancel(PunchFailure.Cancelled);
            lock (_gate)
                _active.Remove(talk);
        }

        bool isAllowed;
        lock (_gate)
            isAllowed = _allowances.GetOrAdd(talk, static _ => new OfferAllowance()).TryTake(clock.Now);
        if (!isAllowed || TryBegin(talk, id, isInitiator: false, fresh: ours is not null || HasTried(talk)) is not { } attempt)
        {
            talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteEnd(id, PunchFailure.Busy));
            return;
        }

        attempt.HandleDescription(offer);
        _running.Add(RunAsync(talk, attempt, isFresh: false, stopped));
    }

    /// <summary>Whether an attempt of the session failed before: what the node's own socket opened then may be spoilt.</summary>
    private bool HasTried(ISignalling talk)
    {
        lock (_gate)
            return _allowances.TryGetValue(talk, out var allowance) && allowance.HasFailed;
    }

    private PunchAttempt? TryBegin(ISignalling talk, byte[] id, bool isInitiator, bool fresh)
    {
        if (environment.Utp?.Listening is not { } main || talk.CheckSecret.Length == 0 || stopped.IsCancellationRequested)
            return null;
        var knowledge = environment.Udp();
        var setup = new PunchSetup
        {
            IsLower = IsLower(talk),
            IsInitiator = isInitiator,
            AttemptId = id,
            Secret = talk.CheckSecret,
            Seed = SecureRandom.Bytes(32),
            Servers = [.. environment.StunServers().Select(TransportAddress.From).Where(s => s.IsIPv4 || main.LocalEndPoint.AddressFamily == AddressFamily.InterNetworkV6).Distinct()],
            Own = OwnCandidates(main.LocalEndPoint.Port),
            RoundTrip = talk.RoundTrip ?? UsualRoundTrip,
            Ports = knowledge.Ports,
            FiltersPorts = knowledge.FiltersPorts,
            UsesFreshSocket = fresh,
            LoopbackAllowed = environment.LoopbackAllowed(),
        };
        var attempt = new PunchAttempt(talk, setup, environment.Utp, main, this, clock)
        {
            AskSpray = target => AskSprayAsync(talk, target),
            Nominated = (pump, remote) =>
            {
                if (!setup.IsLower)
                    paths.Expect(pump.LocalEndPoint.Port, remote, isTcp: false);
            },
        };
        lock (_gate)
        {
            if (_active.Count < MaxAttempts && _active.TryAdd(talk, attempt))
            {
                _byName[Convert.ToHexStringLower(id)] = attempt;
                return attempt;
            }
        }

        _running.Add(attempt.DisposeAsync().AsTask());
        return null;
    }

    private async Task<AttemptReport> RunAsync(ISignalling talk, PunchAttempt attempt, bool isFresh, CancellationToken cancellationToken)
    {
        var start = clock.Now;
        await using var cancelling = cancellationToken.UnsafeRegister(static a => ((PunchAttempt)a!).Cancel(PunchFailure.Cancelled), attempt).ConfigureAwait(false);
        try
        {
            attempt.Start();
            var outcome = await attempt.Outcome.ConfigureAwait(false);
            var failure = outcome.Failure;
            if (failure == PunchFailure.None)
                failure = await LinkAsync(talk, outcome, cancellationToken).ConfigureAwait(false) ? PunchFailure.None : PunchFailure.LinkFailed;
            else
                talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteEnd(attempt.Id.ToArray(), failure));
            var report = Report(attempt, failure, isFresh, clock.Now - start);
            lock (_gate)
                _allowances.GetOrAdd(talk, static _ => new OfferAllowance()).HasFailed = failure != PunchFailure.None;
            Log.PunchEnded(logger, talk.Remote.ToShortString(), report);
            Ended?.Invoke(talk, report);
            return report;
        }
        finally
        {
            lock (_gate)
            {
                if (_active.TryGetValue(talk, out var active) && active == attempt)
                    _active.Remove(talk);
            }

            _running.Add(LingerAsync(attempt));
        }
    }

    private async Task<bool> LinkAsync(ISignalling talk, PunchOutcome outcome, CancellationToken cancellationToken)
    {
        var remote = outcome.Remote.ToIPEndPoint();
        if (!IsLower(talk))
            return await paths.WaitAsync(outcome.Pump!.LocalEndPoint.Port, outcome.Remote, isTcp: false, clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        using var timeout = new CancellationTokenSource(DialTimeout, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var link = await outcome.Pump!.ConnectAsync(outcome.Remote, remote, either.Token).ConfigureAwait(false);
            return await adopter.InitiateAsync(link, talk.Remote, ConnectionPath.PunchedUtp, LinkAdopter.Punched, either.Token).ConfigureAwait(false) is not null;
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task LingerAsync(PunchAttempt attempt)
    {
        await Task.Delay(LingerTime, clock.TimeProvider, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            _byName.Remove(Convert.ToHexStringLower(attempt.Id));
        await attempt.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<SprayVerdict> AskSprayAsync(ISignalling talk, IPAddress target)
    {
        IPAddress? attested = null;
        try
        {
            attested = await environment.Attested(talk, stopped).WaitAsync(AttestationTimeout, clock.TimeProvider, stopped).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or SessionEndedException)
        {
            // Nobody says so.
        }

        if (attested is null || !Dialing.Driver.LocalAddresses.Unmapped(new IPEndPoint(attested, 0)).Address.Equals(target))
            return SprayVerdict.NotAttested;
        return _permits.TryTake(target) ? SprayVerdict.Granted : SprayVerdict.Refused;
    }

    private List<PunchCandidate> OwnCandidates(int port)
    {
        var own = new List<PunchCandidate>();
        foreach (var mapped in environment.MappedUdp())
            own.Add(new PunchCandidate(CandidateKind.Mapped, TransportAddress.From(mapped)));
        foreach (var host in environment.Hosts().Take(MaxHosts))
            own.Add(new PunchCandidate(CandidateKind.Host, TransportAddress.From(new IPEndPoint(host, port)) with { ScopeId = 0 }));
        return own;
    }

    private bool IsLower(ISignalling talk) => environment.Self.CompareTo(talk.Remote) < 0;

    private PunchAttempt? Find(ISignalling talk, byte[] id)
    {
        lock (_gate)
            return _active.TryGetValue(talk, out var attempt) && attempt.Id.SequenceEqual(id) ? attempt : null;
    }

    private static PunchFailure Known(uint code) => code <= (uint)PunchFailure.Busy && code != 0 ? (PunchFailure)code : PunchFailure.Cancelled;

    private static AttemptReport Report(PunchAttempt attempt, PunchFailure failure, bool isFresh, TimeSpan took)
    {
        var machine = attempt.Machine;
        var times = machine.Times;
        return new AttemptReport
        {
            IsInitiator = attempt.IsInitiator,
            IsFresh = isFresh,
            LocalPorts = machine.Local?.Ports ?? default,
            LocalFiltersPorts = machine.Local?.FiltersPorts ?? true,
            RemotePorts = machine.Remote?.Ports ?? default,
            RemoteFiltersPorts = machine.Remote?.FiltersPorts ?? true,
            LocalKinds = AttemptReport.KindsOf(machine.Local),
            RemoteKinds = AttemptReport.KindsOf(machine.Remote),
            Strategy = machine.Strategy,
            Failure = failure,
            Gathered = times.Until(times.Gathered),
            Met = times.Until(times.Met),
            Heard = times.Until(times.Heard),
            Nominated = times.Until(times.Nominated),
            Linked = failure == PunchFailure.None ? took : null,
            Sprayed = machine.Sprayed,
        };
    }
}
