using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Crust.Gateway.Commands;
using Crust.Identity;
using Crust.Tests.Processes.Traffic;
using Crust.Transport;

namespace Crust.Tests.NatLab.Moving;

/// <summary>
/// A process of its own: a node that attaches to gateways, calls a peer or waits to be called, sends numbered messages at a rate and checks those of the other.
/// Arguments: <c>RATE PATHS PEER|- BOOTSTRAP…</c>. Reads <c>gap</c>, to which it tells the longest gap since it was last asked, and <c>end</c>, after which it sends no more and tells what came once everything has, and ends with its
/// input. Writes events, one JSON object a line: <c>ready</c>, <c>path</c>, twice a second <c>flow</c>, <c>gap</c>, <c>done</c>, <c>failed</c>.
/// </summary>
internal sealed class NumberedPeer(int rate, PathPolicy paths, PeerId? callee, IReadOnlyList<PeerAddress> bootstrap) : IDisposable
{
    internal const string Verb = "--numbered-peer";

    /// <summary>The variable that makes it log all it does to its error stream, and tell when.</summary>
    internal const string VerboseVariable = "CRUST_LAB_VERBOSE";

    private static readonly TimeSpan FlowInterval = TimeSpan.FromMilliseconds(500);

    private readonly NumberedTraffic _numbers = new(rate);
    private readonly ConcurrentDictionary<PeerConnection, bool> _connections = [];
    private readonly TaskCompletionSource<PeerConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopped = new();

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
        using var logging = ConsoleLogging.Create(verbose: Environment.GetEnvironmentVariable(VerboseVariable) is not null);
        var options = new CrustNodeOptions { Paths = paths, LoggerFactory = logging };
        foreach (var address in bootstrap)
            options.Bootstrap.Add(address);
        _numbers.Register(options, Arrived);
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
            await _numbers.SendAsync(connection, long.MaxValue, _enough.Task, _stopped.Token);
            await _numbers.ArriveAsync(_stopped.Token);
            Say(new
            {
                @event = "done",
                sent = _numbers.Sent,
                received = _numbers.Arrivals.Count,
                outOfTurn = _numbers.Arrivals.OutOfTurn,
                longestGapMs = _numbers.Arrivals.LongestGap.TotalMilliseconds,
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

    private void Arrived(PeerConnection connection)
    {
        _connections.TryAdd(connection, true);
        _connected.TrySetResult(connection);
    }

    private void TellPath(PeerConnection connection)
    {
        if (_connections.ContainsKey(connection))
            Say(new { @event = "path", path = connection.Path.ToToken(), suspended = connection.IsSuspended, at = $"{DateTime.Now:HH:mm:ss.fff}", why = connection.PathReason });
    }

    private async Task TellFlowAsync()
    {
        using var pace = new PeriodicTimer(FlowInterval);
        while (!_stopped.IsCancellationRequested && await pace.WaitForNextTickAsync())
            Say(new { @event = "flow", received = _numbers.Arrivals.Count, sent = _numbers.Sent });
    }

    /// <summary>On a thread of its own: the console's reader waits without giving its thread back.</summary>
    private async Task ObeyAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "end")
                _enough.TrySetResult();
            else if (line == "gap")
                Say(new { @event = "gap", ms = _numbers.Arrivals.TakeLongestGap().TotalMilliseconds });
        }

        await _stopped.CancelAsync();
    }

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
