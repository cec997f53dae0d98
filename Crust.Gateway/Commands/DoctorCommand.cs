using System.CommandLine;
using Crust.Identity;
using Crust.Nat.Behavior;

namespace Crust.Gateway.Commands;

/// <summary><c>crust doctor</c>: tells what stands between this host and the internet, and what that means for being reached.</summary>
internal static class DoctorCommand
{
    /// <summary>Longest wait for everything to have been looked at: four protocols and families, each 5 s where nothing answers.</summary>
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the router, and for gateways to dial this host back.</summary>
    private static readonly TimeSpan ReachTimeout = TimeSpan.FromSeconds(15);

    internal static Command Create()
    {
        var bootstrap = CommonOptions.Bootstrap();
        var network = CommonOptions.Network();
        var json = CommonOptions.Json();
        var verbose = CommonOptions.Verbose();
        var command = new Command("doctor", "Tell what stands between this host and the internet: NATs, firewalls, and how peers get through.") { bootstrap, network, json, verbose };
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, async () =>
            {
                if (parsed.GetValue(bootstrap) is not { Length: > 0 } contacts)
                    throw new ConnectException(ConnectFailure.BootstrapFailed, default, $"No gateway is known: give --bootstrap ADDR or set {CommonOptions.BootstrapVariable}.");
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                var options = new CrustNodeOptions { NetworkName = parsed.GetValue(network)!, LoggerFactory = logging };
                foreach (var contact in contacts)
                    options.Bootstrap.Add(contact);
                CrustNode node;
                try
                {
                    node = await CrustNode.StartAsync(options, cancellationToken);
                }
                catch (ConnectException e) when (e.Failure == ConnectFailure.BootstrapFailed)
                {
                    return await ExplainAsync(contacts, e, output, cancellationToken);
                }

                await using (node)
                {
                    output.Event("attached", $"Attached to gateway {node.Gateway}.", ("gateway", node.Gateway?.ToString()));
                    await node.NatObserver!.FirstLook.WaitAsync(LookTimeout, cancellationToken);
                    Tell(node.NatReport, output);
                    await node.Reaching.SettleAsync(ReachTimeout, cancellationToken);
                    new ReachabilityLines(node, output).Dispose();
                }

                return CommandRunner.Done;
            });
        });
        return command;
    }

    private static void Tell(NatReport report, CommandOutput output)
    {
        Tell("udp", "ipv4", report.Udp, output);
        Tell("tcp", "ipv4", report.Tcp, output);
        Tell("udp", "ipv6", report.UdpIPv6, output);
        Tell("tcp", "ipv6", report.TcpIPv6, output);
    }

    private static void Tell(string protocol, string family, NatProtocolReport report, CommandOutput output) => output.Event(
        "nat",
        DoctorText.Describe(protocol.ToUpperInvariant(), family == "ipv4" ? "IPv4" : "IPv6", report),
        ("protocol", protocol), ("family", family), ("mapping", report.Mapping.ToToken()), ("filtering", report.Filtering.ToToken()), ("ports", report.Ports.ToToken()),
        ("delta", report.PortDelta), ("external", report.External.Select(e => e.ToString()).ToArray()), ("hairpin", report.Hairpin), ("means", DoctorText.Meaning(report)));

    /// <summary>No gateway took the node: which protocol gets through to which?</summary>
    private static async Task<int> ExplainAsync(PeerAddress[] contacts, ConnectException failure, CommandOutput output, CancellationToken cancellationToken)
    {
        var reached = await Task.WhenAll(contacts.Select(contact => GatewayReach.TryAsync(contact, TimeProvider.System, cancellationToken)));
        foreach (var reach in reached)
        {
            output.Event(
                "reach", $"{reach.Protocol.ToUpperInvariant()} to {reach.Address.EndPoint}: {reach.Words}.",
                ("protocol", reach.Protocol), ("address", reach.Address.ToString()), ("answer", reach.Token));
        }

        output.Failed(failure.Failure.ToToken(), $"{GatewayReach.Conclude(reached)} {failure.Message}");
        return CommandRunner.Failed;
    }
}
