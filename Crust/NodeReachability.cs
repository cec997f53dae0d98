using System.Net;
using Crust.Dialing;
using Crust.Diagnostics;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Driver;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>
/// Knows where others can reach a node: has the router map its ports, has its gateway dial what might be reached, and publishes what was. From <see cref="Start"/> to disposal. Thread safe.
/// </summary>
internal sealed class NodeReachability : IAsyncDisposable
{
    /// <summary>IPs that were sent to are remembered for this long: about as long as routers remember.</summary>
    private static readonly TimeSpan ContactMemory = TimeSpan.FromMinutes(10);

    /// <summary>When a gateway says that it is too much, or nothing.</summary>
    private static readonly TimeSpan AfterSilence = TimeSpan.FromMinutes(1);

    private readonly CrustNodeOptions _options;
    private readonly PeerId _self;
    private readonly NodeTransports _transports;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly PortMappings? _mappings;
    private readonly Lock _lock = new();
    private readonly ReachabilityTable _table = new();
    private readonly Dictionary<IPAddress, Instant> _contacted = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly AsyncSignal _news = new();
    private IReadOnlyList<(TransportKind Kind, IPEndPoint At)> _seen = [];
    private IReadOnlyList<(PortRequest Port, IPEndPoint External)> _mapped = [];
    private int _contacts;
    private GatewayAttachment? _attachment;
    private GatewayClient? _asked;
    private Task _loop = Task.CompletedTask;

    internal NodeReachability(CrustNodeOptions options, PeerId self, NodeTransports transports, MonotonicClock clock, ILogger logger)
    {
        (_options, _self, _transports, _clock, _logger) = (options, self, transports, clock, logger);
        if (!options.PortMapping || options.IsGateway || options.Role == NodeRole.Client || options.Paths == PathPolicy.RelayOnly || IPAddress.IsLoopback(transports.Address))
            return;
        var ports = transports.Ports.Select(p => new PortRequest(p.Kind == TransportKind.Tcp ? MappedProtocol.Tcp : MappedProtocol.Udp, (ushort)p.Port)).ToList();
        _mappings = new PortMappings(ports, transports.Listens, RouterFinder.Find, clock, logger);
        _mappings.Changed += HandleNews;
    }

    /// <summary>Something of <see cref="Addresses"/> or <see cref="Routers"/> changed. Subscribers must return soon.</summary>
    internal event Action? Changed;

    /// <summary>What is known of each address that others might dial.</summary>
    internal IReadOnlyList<AddressReachability> Addresses
    {
        get
        {
            lock (_lock)
                return _table.All;
        }
    }

    /// <summary>How port mapping stands with each router; empty while there is none, or it is switched off.</summary>
    internal IReadOnlyList<RouterReport> Routers => _mappings?.Reports ?? [];

    /// <summary>Begins to ask routers and, if there is one, gateways. Once.</summary>
    internal void Start(GatewayAttachment? attachment)
    {
        _mappings?.Start();
        if (attachment is null || _options.Paths == PathPolicy.RelayOnly || _options.Role == NodeRole.Client)
            return;
        _attachment = attachment;
        attachment.Renewed += HandleNews;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Remembers that a port that listens sends something to this address: a dial from there proves less.</summary>
    internal void NoteContact(IPAddress address)
    {
        var now = _clock.Now;
        lock (_lock)
        {
            _contacts += _contacted.ContainsKey(address) ? 0 : 1;
            _contacted[address] = now;
            foreach (var (old, _) in _contacted.Where(c => now - c.Value > ContactMemory).ToList())
                _contacted.Remove(old);
            while (_contacted.Count > GatewayCodec.MaxContacted)
                _contacted.Remove(_contacted.MinBy(c => c.Value.Microseconds).Key);
        }
    }

    /// <summary>Takes what was found out about the NATs: where servers see the listening ports is worth a dial-back, if everybody sees the same.</summary>
    internal void Handle(NatReport report)
    {
        lock (_lock)
        {
            _seen =
            [
                .. new[] { (TransportKind.Utp, report.Udp), (TransportKind.Utp, report.UdpIPv6), (TransportKind.Tcp, report.Tcp), (TransportKind.Tcp, report.TcpIPv6) }
                    .Where(r => r.Item2 is { Mapping: MappingBehavior.EndpointIndependent, External.Count: > 0 }).Select(r => (r.Item1, r.Item2.External[^1])),
            ];
        }

        HandleNews();
    }

    /// <summary>Ends when no router is being asked any more and each address was tried, or when it takes too long.</summary>
    internal async Task SettleAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (Routers.All(r => r.State != MapperState.Searching) && Addresses.All(a => a.State != ReachabilityState.Unknown))
                settled.TrySetResult();
        }

        Changed += Look;
        try
        {
            Look();
            await settled.Task.WaitAsync(patience, _clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What is known then is what there is.
        }
        finally
        {
            Changed -= Look;
        }
    }

    /// <summary>Has every address tried again; ends when each was, or when it takes too long.</summary>
    internal async Task TestAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = _clock.TimeProvider.GetUtcNow();
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (Addresses.All(a => a.Tested >= begun))
                settled.TrySetResult();
        }

        if (_attachment is null)
            return;
        Changed += Look;
        try
        {
            lock (_lock)
                _table.Doubt(_clock.Now);
            HandleNews();
            await settled.Task.WaitAsync(patience, _clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // What is known then is what there is.
        }
        finally
        {
            Changed -= Look;
        }
    }

    /// <summary>Where others may dial this node, for its record: what was proven, the host's own addresses, and last what a filter may keep others from.</summary>
    internal IReadOnlyList<PeerAddress> Published()
    {
        IReadOnlyList<PeerAddress> first, last;
        lock (_lock)
            (first, last) = _table.Published;
        return [.. first.Concat(_transports.Reachable(_self)).Concat(last).DistinctBy(a => (a.Transport, a.EndPoint))];
    }

    public async ValueTask DisposeAsync()
    {
        if (_attachment is not null)
            _attachment.Renewed -= HandleNews;
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (_mappings is not null)
            await _mappings.DisposeAsync().ConfigureAwait(false);
        _stopped.Dispose();
    }

    private void Raise()
    {
        try
        {
            Changed?.Invoke();
        }
#pragma warning disable CA1031 // What a subscriber throws must not end what told it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.SubscriberFailed(_logger, e);
        }
    }

    private void HandleNews()
    {
        Raise();
        _news.Set();
    }

    private async Task RunAsync()
    {
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                await WaitAsync().ConfigureAwait(false);
                await LookAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The loop must outlive what a gateway makes of it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                Log.MappingFailed(_logger, e);
                await Task.Delay(AfterSilence, _clock.TimeProvider, _stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Ends when there are news, or something is to be asked again.</summary>
    private async Task WaitAsync()
    {
        Instant? due;
        lock (_lock)
            due = _attachment!.Current is null ? null : _table.NextDue;
        var left = due is { } at ? at - _clock.Now : Timeout.InfiniteTimeSpan;
        if (due is not null && left <= TimeSpan.Zero)
            return;
        using var timeout = new CancellationTokenSource(left, _clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopped.Token);
        try
        {
            await _news.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!_stopped.IsCancellationRequested)
        {
            // Then it is time.
        }
    }

    private async Task LookAsync()
    {
        var before = Published();
        var mappings = Routers.SelectMany(r => r.Mappings).ToList();
        if (_attachment!.Current is { } client)
        {
            IReadOnlyList<PeerAddress> due;
            List<IPAddress> contacted;
            int contacts;
            lock (_lock)
            {
                var candidates = ReachabilityCandidates.Of(
                    _self, _transports.Ports, mappings, _attachment.Observed, ListenerOf(client.Session), _seen, _options.ProvesLoopback);
                _table.SetCandidates(candidates, _clock.Now);
                // A pinhole makes no new candidate, and lets others in all the same.
                var mapped = mappings.Select(m => (m.Port, m.External)).ToList();
                if (!mapped.SequenceEqual(_mapped))
                    _table.Hope(_clock.Now);
                _mapped = mapped;
                if (_asked is not null && _asked != client)
                    _table.Doubt(_clock.Now);
                _asked = client;
                due = _table.Due(_clock.Now);
                contacted = [.. _contacted.Keys];
                contacts = _contacts;
            }

            if (due.Count > 0)
                await AskAsync(client, due, contacted, contacts).ConfigureAwait(false);
        }

        if (Published().SequenceEqual(before))
            return;
        _attachment.Renew();
        Raise();
    }

    /// <summary>The transport of a session that leaves from the port that listens; null: it leaves from another.</summary>
    private TransportKind? ListenerOf(SessionDriver session) =>
        session.Path.ToTransport() is { } transport && session.LocalEndPoint is { } local && _transports.Ports.Contains((transport, local.Port)) ? transport : null;

    /// <param name="client">The gateway.</param>
    /// <param name="addresses">What to ask for.</param>
    /// <param name="contacted">Where the node has sent to.</param>
    /// <param name="contacts">How many these ever were: if there are more when the answer comes, the gateway that dialled may be one of them.</param>
    private async Task AskAsync(GatewayClient client, IReadOnlyList<PeerAddress> addresses, List<IPAddress> contacted, int contacts)
    {
        var response = await client.DialBackAsync(addresses, contacted, _stopped.Token).ConfigureAwait(false);
        var now = _clock.Now;
        lock (_lock)
        {
            if (response is not { Status: GatewayStatus.Ok } || response.Results.Count != addresses.Count)
            {
                _table.Postpone(addresses, now + AfterSilence);
                return;
            }

            for (var i = 0; i < addresses.Count; i++)
            {
                var (state, reason) = Judge(response.Results[i], contacts == _contacts);
                _table.Handle(addresses[i], state, reason, _clock.TimeProvider.GetUtcNow(), now);
                Log.DialedBack(_logger, DialReason.Name(addresses[i]), reason);
            }
        }

        Raise();
    }

    private static (ReachabilityState State, string Reason) Judge(DialBackResult result, bool noNewContacts) => result.Outcome switch
    {
        DialBackOutcome.Reached when result.Independent && noNewContacts => (ReachabilityState.Proven, "reached by a gateway that this node had not sent anything to"),
        DialBackOutcome.Reached => (ReachabilityState.UnprovenFiltering, "reached by a gateway that this node had sent something to; no other could be asked"),
        DialBackOutcome.NoAnswer => (ReachabilityState.Failed, "nobody answered the gateway: a firewall or NAT keeps others out"),
        DialBackOutcome.Refused => (ReachabilityState.Failed, "the connection was refused"),
        DialBackOutcome.NotThePeer => (ReachabilityState.Failed, "somebody else answered there, or this node's access list keeps the gateway out"),
        DialBackOutcome.NotDialled => (ReachabilityState.Failed, "the gateway does not dial it: it sees this node come from another address"),
        _ => (ReachabilityState.Failed, "the gateway gave no reason"),
    };
}
