using System.Net;
using System.Runtime.CompilerServices;
using Crust.Diagnostics;
using Crust.Discovery.Routing;
using Crust.Discovery.Routing.Driver;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.PeerProtocol.Driver;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// The peers that this node knows, and what it says and answers about them: its routing table, filled by sessions and by gateways, kept on disk; and <c>crust/peers/1</c>. Looks go through
/// <see cref="NeighbourSearch"/>. Thread safe.
/// </summary>
internal sealed class Neighbours : IAsyncDisposable
{
    /// <summary>How long the callee of an introduction may take to answer.</summary>
    private static readonly TimeSpan CalleePatience = TimeSpan.FromSeconds(3);

    /// <summary>Introductions for others under way. Ours: each may take a dial.</summary>
    private const int MaxIntroductions = 16;

    private readonly PeerId _self;
    private readonly NetworkId _network;
    private readonly SessionTable _sessions;
    private readonly IntroductionHandler _introductions;
    private readonly OwnRecord _own;
    private readonly Func<PeerId, bool> _isGateway;
    private readonly MonotonicClock _clock;
    private readonly RoutingFile? _file;
    private readonly ILogger _logger;
    private readonly CancellationToken _stopped;
    private readonly Lock _gate = new();
    private readonly RoutingTable _table;
    private readonly ConditionalWeakTable<SessionDriver, PeersAllowance> _allowances = [];
    private readonly RunningTasks _running = new();
    private byte[] _told = [];
    private int _introducing;

    internal Neighbours(
        PeerId self, NetworkId network, SessionTable sessions, IntroductionHandler introductions, OwnRecord own, NeighbourCircuits circuits, Func<PeerId, bool> isGateway,
        MonotonicClock clock, RoutingFile? file, ulong seed, ILogger logger, CancellationToken stopped)
    {
        (_self, _network, _sessions, _introductions, _own, Circuits, _isGateway) = (self, network, sessions, introductions, own, circuits, isGateway);
        (_clock, _file, _logger, _stopped) = (clock, file, logger, stopped);
        _table = new RoutingTable(self, new DeterministicRandom(seed));
        Client = new PeersClient(clock.TimeProvider);
        foreach (var peer in file?.Load() ?? [])
            Learn(peer);
    }

    /// <summary>Asks peers.</summary>
    internal PeersClient Client { get; }

    /// <summary>Takes circuits of introductions.</summary>
    internal NeighbourCircuits Circuits { get; }

    /// <summary>Makes a session with a peer whose record is at hand; null when it cannot be reached. Set before anything is handled.</summary>
    internal Func<KnownPeer, CancellationToken, Task<SessionDriver?>> Open { get; set; } = static (_, _) => Task.FromResult<SessionDriver?>(null);

    /// <summary>Peers in the table.</summary>
    internal int Count => Under(static table => table.Count);

    /// <summary>Our own signed record.</summary>
    internal byte[] Signed() => _own.Signed();

    /// <summary>Does something with the table, under its lock.</summary>
    internal T Under<T>(Func<RoutingTable, T> use)
    {
        lock (_gate)
            return use(_table);
    }

    /// <summary>Takes a record that somebody passed on.</summary>
    internal void Learn(KnownPeer peer)
    {
        lock (_gate)
            _table.Add(peer, _clock.TimeProvider.GetUtcNow());
    }

    /// <summary>Takes a peer's own record, which came over its own session.</summary>
    internal void Meet(SessionDriver session, ReadOnlySpan<byte> signed)
    {
        if (!TryVerify(signed, out var peer) || peer.Id != session.Remote || _isGateway(peer.Id))
            return;
        var metAt = session.Path.IsDirect() ? session.RemoteEndPoint?.Address : null;
        lock (_gate)
            _table.Meet(peer, metAt, _clock.Now, _clock.TimeProvider.GetUtcNow());
    }

    /// <summary>Verifies a record, unless these very bytes are known.</summary>
    internal bool TryVerify(ReadOnlySpan<byte> signed, out KnownPeer peer)
    {
        peer = null!;
        if (signed.Length is < 1 + PeerId.ByteLength or > PeerRecord.MaxSignedLength)
            return false;
        var named = PeerId.FromTrustedBytes(signed.Slice(1, PeerId.ByteLength));
        KnownPeer? known;
        lock (_gate)
            known = named == _self ? null : _table.Find(named);
        if (known is null || !known.Is(signed) || !known.Record.IsCurrent(_clock.TimeProvider.GetUtcNow()))
            return KnownPeer.TryVerify(signed, _network, _clock.TimeProvider.GetUtcNow(), out peer);
        peer = known;
        return true;
    }

    /// <summary>A session opened: tells the peer our record.</summary>
    internal void Greet(SessionDriver session)
    {
        if (!_isGateway(session.Remote))
            Run(() => Task.FromResult(session.Sender.TrySend(
                PeersTalk.Protocol, new PeersEnvelope { Record = new RecordNotice { Record = UnsafeByteOperations.UnsafeWrap(_own.Signed()) } }.ToByteArray(), SessionDriver.DefaultPriority)));
    }

    /// <summary>What we publish may have changed: then everyone is told with whom there is a session.</summary>
    internal void TellChanges()
    {
        var signed = _own.Signed();
        if (Interlocked.Exchange(ref _told, signed).AsSpan().SequenceEqual(signed))
            return;
        foreach (var session in _sessions.Sessions)
            Greet(session);
    }

    /// <summary>Asks our gateway for our neighbourhood.</summary>
    internal async Task AskGatewayAsync(GatewayClient gateway, CancellationToken cancellationToken)
    {
        foreach (var record in (await gateway.NeighboursAsync(cancellationToken).ConfigureAwait(false))?.Records.Take(GatewayCodec.MaxNeighbours) ?? [])
        {
            if (TryVerify(record.Span, out var peer))
                Learn(peer);
        }
    }

    /// <summary>Takes a message of the protocol; a bad one, or one too many, is dropped.</summary>
    internal ValueTask HandleAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!PeersTalk.TryParse(message.Payload.Span, out var envelope))
            return ValueTask.CompletedTask;
        var session = message.Session;
        var allowance = _allowances.GetOrCreateValue(session);
        switch (envelope.BodyCase)
        {
            case PeersEnvelope.BodyOneofCase.Record when allowance.MayTell(_clock.Now):
                Meet(session, envelope.Record.Record.Span);
                break;
            case PeersEnvelope.BodyOneofCase.ClosestRequest when allowance.MayAsk(_clock.Now):
                Answer(session, envelope);
                break;
            case PeersEnvelope.BodyOneofCase.MeetRequest:
                if (allowance.MayIntroduce(_clock.Now) && TryEnterIntroduction())
                    Run(() => IntroduceAsync(session, envelope));
                else
                    Respond(session, envelope.Id, MeetStatus.MeetBusy);
                break;
            case PeersEnvelope.BodyOneofCase.CallerRequest:
                Respond(session, envelope.Id, allowance.MayIntroduce(_clock.Now) ? TakeCaller(session, envelope.CallerRequest) : MeetStatus.MeetBusy);
                break;
            case PeersEnvelope.BodyOneofCase.ClosestResponse or PeersEnvelope.BodyOneofCase.MeetResponse:
                Client.HandleResponse(session, envelope);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Writes the table to its file, if it has one.</summary>
    internal void Save()
    {
        if (_file is null)
            return;
        var peers = Under(static table => table.Entries.OrderBy(static e => e.Failures).ThenByDescending(static e => e.LastSeen).Select(static e => e.Peer).ToList());
        if (peers.Count > 0 && !_file.Save(peers))
            Log.RoutingNotSaved(_logger);
    }

    public async ValueTask DisposeAsync()
    {
        await _running.WhenEndedAsync().ConfigureAwait(false);
        Save();
    }

    private void Answer(SessionDriver session, PeersEnvelope request)
    {
        Meet(session, request.ClosestRequest.Record.Span);
        _ = Position.TryRead(request.ClosestRequest.Target.Span, out var target);
        var response = new ClosestResponse { Record = UnsafeByteOperations.UnsafeWrap(_own.Signed()) };
        var now = _clock.TimeProvider.GetUtcNow();
        foreach (var peer in Under(table => table.Closest(target, PeersTalk.MaxRecords + 1, now, forOthers: true)).Where(k => k.Id != session.Remote).Take(PeersTalk.MaxRecords))
            response.Records.Add(ByteString.CopyFrom(peer.Signed));
        session.Sender.TrySend(PeersTalk.Protocol, new PeersEnvelope { Id = request.Id, ClosestResponse = response }.ToByteArray(), SessionDriver.DefaultPriority);
    }

    private bool TryEnterIntroduction()
    {
        if (Interlocked.Increment(ref _introducing) <= MaxIntroductions)
            return true;
        Interlocked.Decrement(ref _introducing);
        return false;
    }

    private async Task IntroduceAsync(SessionDriver caller, PeersEnvelope request)
    {
        try
        {
            Respond(caller, request.Id, await IntroduceAsync(caller, request.MeetRequest).ConfigureAwait(false));
        }
        finally
        {
            Interlocked.Decrement(ref _introducing);
        }
    }

    private async Task<MeetStatus> IntroduceAsync(SessionDriver caller, MeetRequest request)
    {
        if (!PeerId.TryFromBytes(request.Peer.Span, out var target) || !TryVerify(request.Record.Span, out var record) || record.Id != caller.Remote)
            return MeetStatus.MeetInvalid;
        if (target == _self || target == caller.Remote || _isGateway(target))
            return MeetStatus.MeetUnreachable;
        var session = _sessions.Find(target) is { Closure: null, IsSuspended: false } open ? open
            : Under(table => table.Find(target)) is { } known ? await Open(known, _stopped).ConfigureAwait(false)
            : null;
        if (session is null)
            return MeetStatus.MeetUnreachable;
        caller.EnableCircuits(Circuits);
        var hop = session.EnableCircuits(Circuits);
        var answer = await Client.RequestAsync(
            session, new PeersEnvelope { CallerRequest = new CallerRequest { Record = request.Record } }, CalleePatience, _stopped).ConfigureAwait(false);
        return answer is not { MeetResponse.Status: MeetStatus.MeetOk } ? MeetStatus.MeetUnreachable
            : Circuits.Permit(caller.Remote, target, hop) ? MeetStatus.MeetOk
            : MeetStatus.MeetBusy;
    }

    /// <summary>As the callee: dials the caller, and takes a control circuit from it over the introducer.</summary>
    private MeetStatus TakeCaller(SessionDriver introducer, CallerRequest request)
    {
        if (!TryVerify(request.Record.Span, out var caller) || caller.Id == _self || caller.Id == introducer.Remote)
            return MeetStatus.MeetInvalid;
        if (!Circuits.Expect(introducer.Remote, caller.Id))
            return MeetStatus.MeetBusy;
        introducer.EnableCircuits(Circuits);
        Learn(caller);
        _introductions.Handle(new Introduction { Record = request.Record });
        return MeetStatus.MeetOk;
    }

    private static void Respond(SessionDriver session, ulong id, MeetStatus status) =>
        session.Sender.TrySend(PeersTalk.Protocol, new PeersEnvelope { Id = id, MeetResponse = new MeetResponse { Status = status } }.ToByteArray(), SessionDriver.DefaultPriority);

    private void Run(Func<Task> work)
    {
        if (!_stopped.IsCancellationRequested)
            _running.Add(Task.Run(work, CancellationToken.None));
    }
}
