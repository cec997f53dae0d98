using System.Net;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Diagnostics;
using Crust.Nat.PortMapping.Igd;
using Crust.Nat.PortMapping.NatPmp;
using Crust.Nat.PortMapping.Pcp;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>
/// Runs a <see cref="PortMapper"/> towards one router: one UDP socket, HTTP connections as they are asked for, one timer. From <see cref="Start"/> to disposal,
/// which deletes the mappings and takes little more than a second at most. Thread safe.
/// </summary>
internal sealed class RouterMapper : IAsyncDisposable
{
    private const int BufferLength = 2 * 1024;

    private readonly RouterPlace _place;
    private readonly MonotonicClock _clock;
    private readonly ILogger _logger;
    private readonly Action _changed;
    private readonly PortMapper _mapper;
    private readonly Socket _socket;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly TaskCompletionSource _deleted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<IgdConversation, (Task Work, CancellationTokenSource Cancel)> _exchanges = [];
    private readonly List<Task> _left = [];
    private readonly byte[] _sendBuffer = new byte[BufferLength];
    private Task _receiving = Task.CompletedTask;
    private bool _isDisposed;

    /// <param name="place">The router.</param>
    /// <param name="ports">What to map.</param>
    /// <param name="changed">Told when what <see cref="Report"/> gives changed; outside any lock, must return soon.</param>
    /// <param name="clock">The node's clock.</param>
    /// <param name="logger">Where the operator reads.</param>
    /// <param name="serverPort">Where the router answers NAT-PMP and PCP.</param>
    /// <exception cref="SocketException">The local address is gone.</exception>
    internal RouterMapper(
        RouterPlace place, IReadOnlyList<PortRequest> ports, Action changed, MonotonicClock clock, ILogger logger, int serverPort = DatagramMappingClient.DefaultPort)
    {
        (_place, _changed, _clock, _logger) = (place, changed, clock, logger);
        _mapper = new PortMapper(ClientsOf(place, serverPort), ports);
        _socket = new Socket(place.Local.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.Bind(new IPEndPoint(place.Local, 0));
            if (place.Local.AddressFamily == AddressFamily.InterNetwork)
                _socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, place.Local.GetAddressBytes());
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        _timer = clock.TimeProvider.CreateTimer(_ => HandleTimeout(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How things are.</summary>
    internal RouterReport Report
    {
        get
        {
            lock (_lock)
                return new RouterReport(_place.Router, _mapper.State, _mapper.Mappings, _mapper.Findings.ToDictionary());
        }
    }

    /// <summary>Begins, once.</summary>
    internal void Start()
    {
        _receiving = ReceiveAsync();
        Do(_mapper.Start);
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        Do(_mapper.Stop);
        await _deleted.Task.ConfigureAwait(false);
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _socket.Dispose();
        Task[] left;
        lock (_lock)
            left = [.. _left, .. _exchanges.Values.Select(e => e.Work), _receiving];
        await Task.WhenAll(left).ConfigureAwait(false);
        lock (_lock)
        {
            foreach (var (_, cancel) in _exchanges.Values)
                cancel.Dispose();
        }

        _stopped.Dispose();
    }

    private static MappingClient[] ClientsOf(RouterPlace place, int serverPort)
    {
        var nonce = PcpNonce.From(SecureRandom.Bytes(PcpNonce.Length));
        var random = new DeterministicRandom(BitConverter.ToUInt64(SecureRandom.Bytes(sizeof(ulong))));
        var server = new IPEndPoint(place.Router, serverPort);
        return place.Local.AddressFamily == AddressFamily.InterNetwork
            ? [new PcpClient(server, place.Local, nonce), new NatPmpClient(server), new IgdClient(place.Router, place.Local, random)]
            : [new PcpClient(server, place.Local, nonce), new IgdPinholeClient(place.Router, place.Local)];
    }

    private void HandleTimeout() => Do(_mapper.HandleTimeout);

    /// <summary>Gives the mapper an input, and does what it wants then.</summary>
    private void Do(Action<Instant> input)
    {
        bool isChanged;
        lock (_lock)
        {
            if (_stopped.IsCancellationRequested)
                return;
            var now = _clock.Now;
            input(now);
            _mapper.HandleAnswers(now);
            foreach (var client in _mapper.Clients)
                Serve(client);
            isChanged = _mapper.PollChange();
            if (_mapper.IsStopped(now))
                _deleted.TrySetResult();
            else if (_mapper.PollTimeout() is { } due)
                _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, Math.Ceiling((due - now).TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }

        if (isChanged)
            _changed();
    }

    private void Serve(MappingClient client)
    {
        while (client.PollTransmit(_sendBuffer, out var length, out var destination))
        {
            try
            {
                _socket.SendTo(_sendBuffer.AsSpan(0, length), destination);
            }
            catch (SocketException e)
            {
                // As good as lost on the way: it is repeated, or given up.
                Log.MappingSendFailed(_logger, destination.ToString(), e.Message);
            }
        }

        if (client is IgdConversation conversation && conversation.PollRequest(out var request))
            Exchange(conversation, request);
    }

    private void Exchange(IgdConversation conversation, HttpRequest request)
    {
        if (_exchanges.Remove(conversation, out var last))
        {
            last.Cancel.Cancel();
            last.Cancel.Dispose();
            _left.RemoveAll(static t => t.IsCompleted);
            _left.Add(last.Work);
        }

        var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
        _exchanges[conversation] = (Task.Run(() => ExchangeAsync(conversation, request, cancel.Token), CancellationToken.None), cancel);
    }

    private async Task ExchangeAsync(IgdConversation conversation, HttpRequest request, CancellationToken cancellationToken)
    {
        var response = await HttpExchange.RunAsync(request, _place.Local, _clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        Do(now => conversation.HandleResponse(request.Id, response, now));
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[BufferLength];
        EndPoint any = new IPEndPoint(_place.Local.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, any, _stopped.Token).ConfigureAwait(false);
                var from = (IPEndPoint)received.RemoteEndPoint;
                Do(now => Take(from, buffer.AsSpan(0, received.ReceivedBytes), now));
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            // Too long for the buffer, or an ICMP message about what was sent.
            catch (SocketException)
            {
                await Task.Yield();
            }
        }
    }

    private void Take(IPEndPoint from, ReadOnlySpan<byte> datagram, Instant now)
    {
        foreach (var client in _mapper.Clients)
        {
            if (client.HandleDatagram(from, datagram, now))
                return;
        }
    }
}
