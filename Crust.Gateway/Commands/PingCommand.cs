using System.CommandLine;
using System.Globalization;
using Crust.Identity;
using Crust.Transport;

namespace Crust.Gateway.Commands;

/// <summary><c>crust ping</c>: connects to a peer by its id alone and measures signed round trips.</summary>
internal static class PingCommand
{
    /// <summary>Longest wait for a connection and for each answer: what the command promises.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Between a connection and the next: what the one left to be done is not the other's.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly record struct FirstMessage(double Milliseconds, ConnectionPath Path);

    internal static Command Create()
    {
        var peer = CommonOptions.Peer();
        var bootstrap = CommonOptions.Bootstrap();
        var cache = CommonOptions.BootstrapCache();
        var lan = CommonOptions.Lan();
        var network = CommonOptions.Network();
        var count = CommonOptions.Number("--count", "How many pings.", "N", byDefault: 4, n => n > 0);
        var interval = CommonOptions.Number<double>("--interval", "Seconds between pings.", "SECONDS", byDefault: 1, n => n is >= 0 and < 86_400);
        var path = CommonOptions.Path();
        var waitDirect = CommonOptions.Number<double>("--wait-direct", "Seconds to wait for a direct path before the first ping.", "SECONDS", byDefault: 0, n => n is >= 0 and < 86_400);
        var again = CommonOptions.Number("--again", "At the end connect so many times more, and tell how long the first answer takes a process that has connected before.", "N", byDefault: 0, n => n >= 0);
        var json = CommonOptions.Json();
        var verbose = CommonOptions.Verbose();
        var command = new Command("ping", "Reach a peer by its id and measure round trips.") { peer, bootstrap, cache, lan, network, count, interval, path, waitDirect, again, json, verbose };
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, async () =>
            {
                var contacts = parsed.GetValue(bootstrap) ?? [];
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                var options = new CrustNodeOptions
                {
                    NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, ConnectTimeout = AnswerTimeout, Paths = PolicyOf(parsed.GetValue(path)), LanDiscovery = parsed.GetValue(lan),
                };
                foreach (var contact in contacts)
                    options.Bootstrap.Add(contact);
                // It goes again in a moment: nobody should begin with it.
                options.AcceptBootstrap = false;
                options.BootstrapCacheFile = CommonOptions.CacheFile(parsed.GetValue(cache), options.NetworkName);
                if (CommonOptions.KnowsNobody(options) && !parsed.GetValue(lan))
                    throw new ConnectException(ConnectFailure.BootstrapFailed, default, $"No gateway is known: give --bootstrap ADDR or set {CommonOptions.BootstrapVariable}; or look on this LAN with --lan.");
                await using var node = await CrustNode.StartAsync(options, cancellationToken);
                NodeCommand.Announce(node, output);
                var to = parsed.GetValue(peer);
                var lines = new ConnectionLines(output);
                node.PeerPathChanged += c => TellOf(c, to, lines);
                var connection = await node.ConnectAsync(to, cancellationToken);
                // What is printed must not make the message late.
                var first = parsed.GetValue(waitDirect) > 0 ? TimeFirstMessageAsync(connection, lines, cancellationToken) : Task.FromResult<FirstMessage?>(null);
                lines.Connected(connection);
                Tell(await first, connection, lines);
                if (!await IsAsWantedAsync(node, connection, parsed.GetValue(path), TimeSpan.FromSeconds(parsed.GetValue(waitDirect)), output, cancellationToken))
                    return CommandRunner.Failed;
                var code = await PingAsync(connection, parsed.GetValue(count), TimeSpan.FromSeconds(parsed.GetValue(interval)), output, cancellationToken);
                for (var more = code == CommandRunner.Done ? parsed.GetValue(again) : 0; more > 0; more--)
                {
                    await connection.CloseAsync();
                    await Task.Delay(Pause, cancellationToken);
                    lines.Begin();
                    connection = await node.ConnectAsync(to, cancellationToken);
                    Tell(await TimeFirstMessageAsync(connection, lines, cancellationToken), connection, lines);
                }

                return code;
            });
        });
        return command;
    }

    private static PathPolicy PolicyOf(PathChoice path) => path switch
    {
        PathChoice.Direct => PathPolicy.DirectOnly,
        PathChoice.Relay => PathPolicy.RelayOnly,
        _ => PathPolicy.Any,
    };

    private static void TellOf(PeerConnection connection, PeerId peer, ConnectionLines lines)
    {
        if (connection.Peer == peer)
            lines.PathChanged(connection);
    }

    /// <summary>Measures how long it takes from the call to an answer, whatever path there is by then; null when none comes, which the pings will say.</summary>
    private static async Task<FirstMessage?> TimeFirstMessageAsync(PeerConnection connection, ConnectionLines lines, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerTimeout);
        try
        {
            await connection.PingAsync(timeout.Token);
            return new FirstMessage(lines.Elapsed(), connection.Path);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private static void Tell(FirstMessage? first, PeerConnection connection, ConnectionLines lines)
    {
        if (first is { } answered)
            lines.FirstMessage(connection, answered.Milliseconds, answered.Path);
    }

    /// <summary>Waits for a direct path as long as is wanted; false when one was demanded and there is none.</summary>
    private static async Task<bool> IsAsWantedAsync(
        CrustNode node, PeerConnection connection, PathChoice wanted, TimeSpan patience, CommandOutput output, CancellationToken cancellationToken)
    {
        var direct = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(PeerConnection changed)
        {
            if (changed == connection && connection.Path.IsDirect())
                direct.TrySetResult();
        }

        node.PeerPathChanged += Look;
        try
        {
            // It may have changed before anybody listened.
            Look(connection);
            await direct.Task.WaitAsync(patience, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Then it stays what it is.
        }
        finally
        {
            node.PeerPathChanged -= Look;
        }

        if (wanted != PathChoice.Direct || connection.Path.IsDirect())
            return true;
        output.Failed("no-direct-path", $"No direct path to {connection.Peer}: it is {connection.Path.ToToken()} ({connection.PathReason}).");
        return false;
    }

    private static async Task<int> PingAsync(PeerConnection connection, int count, TimeSpan interval, CommandOutput output, CancellationToken cancellationToken)
    {
        var times = new List<double>();
        for (var sequence = 1; sequence <= count; sequence++)
        {
            if (sequence > 1)
                await Task.Delay(interval, cancellationToken);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(AnswerTimeout);
            try
            {
                var milliseconds = Math.Round((await connection.PingAsync(timeout.Token)).TotalMilliseconds, 2);
                var path = connection.Path.ToToken();
                times.Add(milliseconds);
                output.Event(
                    "pong", string.Create(CultureInfo.InvariantCulture, $"{sequence}: {milliseconds} ms, {path}"),
                    ("seq", sequence), ("ms", milliseconds), ("path", path));
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                output.Failed("timed-out", $"No answer to ping {sequence} within {AnswerTimeout.TotalSeconds:0} s.");
                return CommandRunner.Failed;
            }
        }

        times.Sort();
        output.Event("summary", string.Create(CultureInfo.InvariantCulture, $"{times.Count} answers, median {times[times.Count / 2]} ms."), ("received", times.Count), ("medianMs", times[times.Count / 2]));
        return CommandRunner.Done;
    }
}
