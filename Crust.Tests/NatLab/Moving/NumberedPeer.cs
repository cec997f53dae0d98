using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crust.Gateway.Commands;
using Crust.Identity;
using Crust.Tests.Processes.Traffic;
using Crust.Transport;

namespace Crust.Tests.NatLab.Moving;

/// <summary>
/// A process of its own: a node that attaches to gateways, calls a peer or waits to be called, sends numbered messages at a rate and checks those of the other.
/// Arguments: <c>RATE PATHS PEER|- BOOTSTRAP…</c>. Reads <c>end</c>, after which it sends no more and tells what came once everything has, and ends with its input. Writes events, one JSON object
/// a line: <c>ready</c>, <c>path</c>, twice a second <c>flow</c>, <c>done</c>, <c>failed</c>.
/// </summary>
internal sealed class NumberedPeer(int rate, PathPolicy paths, PeerId? callee, IReadOnlyList<PeerAddress> bootstrap) : IDisposable
{
    internal const string Verb = "--numbered-peer";

    private const string Numbers = "numbers", End = "end";
    private const int MessageLength = 100;

    private static readonly TimeSpan FlowInterval = TimeSpan.FromMilliseconds(500);

    private readonly ArrivalCounter _arrivals = new();
    private readonly ConcurrentDictionary<PeerConnection, bool> _connections = [];
    private readonly TaskCompletionSource<PeerConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<long> _otherSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopped = new();
    private long _sent;

    internal static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var rate, var paths, var callee, .. var bootstrap] || !Enum.TryParse<PathPolicy>(paths, out var policy))
            return 2;
        using var peer = new NumberedPeer(
            int.Parse(rate, CultureInfo.InvariantCulture), policy, callee == "-" ? null : PeerId.Parse(callee, null), [.. bootstrap.Select(a => PeerAddress.Parse(a, null))]);
        return await peer.RunAsync();
    }

    public void Dispose() => _stopped.Dispose();

    private async Task<int> RunAsync()
    {
        using var logging = ConsoleLogging.Create(verbose: Environment.GetEnvironmentVariable("CRUST_LAB_VERBOSE") is not null);
        var options = new CrustNodeOptions { Paths = paths, LoggerFactory = logging };
        foreach (var address in bootstrap)
            options.Bootstrap.Add(address);
        options.Handlers[Numbers] = Take;
        options.Handlers[End] = TakeEnd;
        try
        {
            await using var node = await CrustNode.StartAsync(options, _stopped.Token);
            node.PeerPathChanged += TellPath;
            node.PeerDisconnected += connection =>
            {
                if (_connections.ContainsKey(connection))
                    Say(new { @event = "failed", why = $"the session ended: {connection.CloseReason}" });
            };
            Say(new { @event = "ready", peer = node.Id.ToString() });
            var obeying = Task.Run(ObeyAsync);
            var connection = callee is { } id ? await node.ConnectAsync(id, _stopped.Token) : await _connected.Task.WaitAsync(_stopped.Token);
            _connections.TryAdd(connection, true);
            TellPath(connection);
            var telling = TellFlowAsync();
            await SendAsync(connection);
            await ArriveAsync();
            Say(new
            {
                @event = "done",
                sent = _sent,
                received = _arrivals.Count,
                outOfTurn = _arrivals.OutOfTurn,
                longestGapMs = _arrivals.LongestGap.TotalMilliseconds,
                sessions = _connections.Count,
            });
            await obeying;
            await telling;
            return 0;
        }
#pragma warning disable CA1031 // Whatever went wrong, the test must hear of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Say(new { @event = "failed", why = e.ToString() });
            return 1;
        }
    }

    private ValueTask Take(PeerMessage message, CancellationToken cancellationToken)
    {
        _connections.TryAdd(message.Connection, true);
        _connected.TrySetResult(message.Connection);
        _arrivals.Handle(BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span));
        return ValueTask.CompletedTask;
    }

    private ValueTask TakeEnd(PeerMessage message, CancellationToken cancellationToken)
    {
        _otherSent.TrySetResult(BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span));
        return ValueTask.CompletedTask;
    }

    private void TellPath(PeerConnection connection)
    {
        if (_connections.ContainsKey(connection))
            Say(new { @event = "path", path = connection.Path.ToToken(), why = connection.PathReason });
    }

    private async Task TellFlowAsync()
    {
        using var pace = new PeriodicTimer(FlowInterval);
        while (!_stopped.IsCancellationRequested && await pace.WaitForNextTickAsync())
            Say(new { @event = "flow", received = _arrivals.Count, sent = Volatile.Read(ref _sent) });
    }

    /// <summary>On a thread of its own: the console's reader waits without giving its thread back.</summary>
    private async Task ObeyAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "end")
                _enough.TrySetResult();
        }

        await _stopped.CancelAsync();
    }

    private async Task SendAsync(PeerConnection connection)
    {
        var payload = new byte[MessageLength];
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        var start = Stopwatch.GetTimestamp();
        while (!_enough.Task.IsCompleted && await pace.WaitForNextTickAsync(_stopped.Token))
        {
            for (var due = (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * rate); _sent < due && !_enough.Task.IsCompleted; Volatile.Write(ref _sent, _sent + 1))
            {
                BinaryPrimitives.WriteInt64LittleEndian(payload, _sent);
                await connection.SendAsync(Numbers, payload, _stopped.Token);
            }
        }

        BinaryPrimitives.WriteInt64LittleEndian(payload, _sent);
        await connection.SendAndConfirmAsync(End, payload, _stopped.Token);
    }

    /// <summary>Ends when as many came as the other sent: the last of them may still wait for its turn.</summary>
    private async Task ArriveAsync()
    {
        var total = await _otherSent.Task.WaitAsync(_stopped.Token);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (_arrivals.Count < total)
            await poll.WaitForNextTickAsync(_stopped.Token);
    }

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
