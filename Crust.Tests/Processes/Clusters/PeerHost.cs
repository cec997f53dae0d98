using System.Globalization;
using System.Net;
using System.Text.Json;
using Crust.Identity;
using Crust.Transport;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// A process of its own: many peers, attached to gateways, each of which pings another and looks others up. Arguments: <c>COUNT NETWORK BOOTSTRAP…</c>. Reads <c>load PEER…</c>, all that take part in the
/// order in which each pings its next, and <c>report</c>; ends with its input. Writes events, one JSON object a line: <c>ready</c> with the ids, <c>loaded</c> once each has its connection,
/// <c>report</c> with what happened so far, <c>failed</c>.
/// </summary>
internal sealed class PeerHost : IAsyncDisposable
{
    internal const string Verb = "--peer-host";

    /// <summary>One in so many is reached over gateways alone.</summary>
    private const int RelayedShare = 8;

    /// <summary>Peers that start, or connect, at a time. Ours: a handshake is work, and a crowd that comes at once waits for one another.</summary>
    private const int AtOnce = 8;

    private readonly List<HostedPeer> _peers = [];
    private readonly LoadTally _tally = new();
    private readonly CancellationTokenSource _stop = new();

    internal static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var count, var network, .. { Length: > 0 } bootstrap])
            return 2;
        await using var host = new PeerHost();
        try
        {
            await host.StartAsync(int.Parse(count, CultureInfo.InvariantCulture), network, [.. bootstrap.Select(a => PeerAddress.Parse(a, null))]);
            Say(new { @event = "ready", peers = host._peers.Select(p => p.Node.Id.ToString()) });
            var watching = host.WatchAsync();
            // On a thread of its own: the console's reader waits without giving its thread back.
            await Task.Run(host.ObeyAsync);
            await watching;
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

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
            await peer.DisposeAsync();
        _stop.Dispose();
    }

    private Task StartAsync(int count, string network, PeerAddress[] bootstrap) => InParallelAsync(Enumerable.Range(0, count), async (i, cancellationToken) =>
    {
        var options = new CrustNodeOptions { NetworkName = network, Listen = IPAddress.Loopback, ProvesLoopback = true, BootstrapTimeout = TimeSpan.FromSeconds(60) };
        if (i % RelayedShare == RelayedShare - 1)
            options.Paths = PathPolicy.RelayOnly;
        foreach (var address in bootstrap)
            options.Bootstrap.Add(address);
        var peer = await HostedPeer.StartAsync(options, _tally, cancellationToken);
        lock (_peers)
            _peers.Add(peer);
    });

    private async Task WatchAsync()
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!_stop.IsCancellationRequested && await poll.WaitForNextTickAsync())
            _peers.ForEach(p => p.Watch());
    }

    private async Task ObeyAsync()
    {
        var loading = Task.CompletedTask;
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "report")
            {
                Say(_tally.Report(_peers.Select(p => p.Attached).GroupBy(a => $"{a.Gateway}").ToDictionary(g => g.Key, g => g.Select(a => a.Since))));
            }
            else if (line.Split(' ') is ["load", .. var ids])
            {
                loading = LoadAsync([.. ids.Select(id => PeerId.Parse(id, null))]);
            }
        }

        // Whoever started it is gone: so is what it waits for.
        await _stop.CancelAsync();
        await loading;
    }

    private async Task LoadAsync(PeerId[] all)
    {
        try
        {
            await InParallelAsync(_peers, (peer, cancellationToken) => new ValueTask(peer.BeginAsync(all, cancellationToken)));
            Say(new { @event = "loaded" });
        }
        catch (Exception e) when (e is ConnectException or OperationCanceledException)
        {
            Say(new { @event = "failed", why = e.ToString() });
        }
    }

    private Task InParallelAsync<T>(IEnumerable<T> all, Func<T, CancellationToken, ValueTask> work) =>
        Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = _stop.Token }, work);

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
