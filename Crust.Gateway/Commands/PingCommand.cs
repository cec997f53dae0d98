using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Crust.Identity;
using Crust.Transport;

namespace Crust.Gateway.Commands;

/// <summary><c>crust ping</c>: connects to a peer by its id alone and measures signed round trips.</summary>
internal static class PingCommand
{
    /// <summary>Longest wait for a connection and for each answer: what the command promises.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(10);

    internal static Command Create()
    {
        var peer = CommonOptions.Peer();
        var bootstrap = CommonOptions.Bootstrap();
        var network = CommonOptions.Network();
        var count = CommonOptions.Number("--count", "How many pings.", "N", byDefault: 4, n => n > 0);
        var interval = CommonOptions.Number<double>("--interval", "Seconds between pings.", "SECONDS", byDefault: 1, n => n is >= 0 and < 86_400);
        var json = CommonOptions.Json();
        var verbose = CommonOptions.Verbose();
        var command = new Command("ping", "Reach a peer by its id and measure round trips.") { peer, bootstrap, network, count, interval, json, verbose };
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, async () =>
            {
                if (parsed.GetValue(bootstrap) is not { Length: > 0 } contacts)
                    throw new ConnectException(ConnectFailure.BootstrapFailed, default, $"No gateway is known: give --bootstrap ADDR or set {CommonOptions.BootstrapVariable}.");
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                var options = new CrustNodeOptions { NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, ConnectTimeout = AnswerTimeout };
                foreach (var contact in contacts)
                    options.Bootstrap.Add(contact);
                await using var node = await CrustNode.StartAsync(options, cancellationToken);
                NodeCommand.Announce(node, output);
                return await PingAsync(node, parsed.GetValue(peer), parsed.GetValue(count), TimeSpan.FromSeconds(parsed.GetValue(interval)), output, cancellationToken);
            });
        });
        return command;
    }

    private static async Task<int> PingAsync(CrustNode node, PeerId peer, int count, TimeSpan interval, CommandOutput output, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        var connection = await node.ConnectAsync(peer, cancellationToken);
        var took = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1);
        var path = connection.Path.ToToken();
        output.Event(
            "connected", string.Create(CultureInfo.InvariantCulture, $"Connected with {peer} in {took} ms: {path} to {connection.RemoteEndPoint}."),
            ("peer", peer.ToString()), ("path", path), ("local", connection.LocalEndPoint?.ToString()), ("remote", connection.RemoteEndPoint?.ToString()),
            ("ms", took), ("why", "an address in the peer's record answered"), ("signed", connection.SendsSigned && connection.ReceivesSigned));
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
