using System.CommandLine;
using Crust.Identity.Driver;
using Crust.Transport;

namespace Crust.Gateway.Commands;

/// <summary><c>crust node</c>: a peer that stays, answers pings, accepts files if it is given a folder, and tells who comes and goes.</summary>
internal static class NodeCommand
{
    internal static Command Create()
    {
        var identity = CommonOptions.Identity("The node's key; the default identity if left out, made at the first start.");
        var bootstrap = CommonOptions.Bootstrap();
        var cache = CommonOptions.BootstrapCache();
        var lan = CommonOptions.Lan();
        var network = CommonOptions.Network();
        var listen = CommonOptions.Listen();
        var tcpPort = CommonOptions.TcpPort();
        var udpPort = CommonOptions.UdpPort();
        var noPortMapping = new Option<bool>("--no-port-mapping") { Description = "Do not ask the router to map the node's ports." };
        var access = CommonOptions.Access();
        var folder = FileReception.Folder("Accept files and folders into this one; made if it is not there. No files are accepted if left out.", isRequired: false);
        var from = FileReception.From();
        var json = CommonOptions.Json();
        var verbose = CommonOptions.Verbose();
        var command = new Command("node", "Run a peer that answers pings and accepts files, until Ctrl+C.")
        {
            identity, bootstrap, cache, lan, network, listen, tcpPort, udpPort, noPortMapping, access, folder, from, json, verbose,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(from) is { Implicit: false } && result.GetResult(folder) is null)
                result.AddError("--from needs --out: without a folder no files are accepted.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var transfers = new TransferOutput(parsed.GetValue(json), quiet: false);
            await using var progress = transfers.Progress;
            var output = transfers.Lines;
            return await CommandRunner.GuardAsync(output, async () =>
            {
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                var keyFile = parsed.GetValue(identity) ?? IdentityFile.DefaultPath;
                using var key = IdentityFile.LoadOrCreate(keyFile);
                var options = new CrustNodeOptions
                {
                    Identity = key, NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, TcpPort = parsed.GetValue(tcpPort), UdpPort = parsed.GetValue(udpPort),
                    AccessFile = parsed.GetValue(access), PortMapping = !parsed.GetValue(noPortMapping), LanDiscovery = parsed.GetValue(lan),
                    RoutingTableFile = $"{keyFile}.peers",
                };
                if (parsed.GetValue(listen) is { } address)
                    options.Listen = address;
                options.BootstrapCacheFile = CommonOptions.CacheFile(parsed.GetValue(cache), options.NetworkName);
                foreach (var contact in parsed.GetValue(bootstrap)!)
                    options.Bootstrap.Add(contact);
                await using var reception = parsed.GetValue(folder) is { } path
                    ? new FileReception(options, path, settings => settings with { From = (parsed.GetValue(from) ?? []).ToHashSet() }, transfers)
                    : null;
                await using var node = await CrustNode.StartAsync(options, cancellationToken);
                Announce(node, output);
                reception?.Announce();
                using var reachability = new ReachabilityLines(node, output);
                node.PeerConnected += c => output.Event(
                    "connected", $"Connected with {c.Peer} ({c.Path.ToToken()}, {c.RemoteEndPoint}): {c.PathReason}.",
                    ("peer", c.Peer.ToString()), ("path", c.Path.ToToken()), ("local", c.LocalEndPoint?.ToString()), ("remote", c.RemoteEndPoint?.ToString()), ("why", c.PathReason));
                node.PeerPathChanged += c => output.Event(
                    c.IsSuspended ? "suspended" : "path-changed",
                    c.IsSuspended ? $"The link with {c.Peer} was lost; waiting for another." : $"Connection with {c.Peer} is now {c.Path.ToToken()}, {c.RemoteEndPoint}: {c.PathReason}.",
                    ("peer", c.Peer.ToString()), ("path", c.IsSuspended ? null : c.Path.ToToken()), ("why", c.IsSuspended ? null : c.PathReason));
                node.PeerDisconnected += c => output.Event(
                    "disconnected", $"Connection with {c.Peer} ended: {c.CloseReason}", ("peer", c.Peer.ToString()), ("why", c.CloseReason));
                node.IdentityElsewhere += teller => output.Event(
                    "identity-elsewhere", $"A newer process runs under this identity, says {teller}. Stop one of the two, or give it an identity of its own.", ("peer", teller.ToString()));
                try
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    output.Event("stopping", "Stopping.");
                }

                return CommandRunner.Done;
            });
        });
        return command;
    }

    /// <summary>Tells that a node is ready: who it is, where it listens.</summary>
    internal static void Announce(CrustNode node, CommandOutput output)
    {
        string[] addresses = [.. node.Addresses.Select(a => a.ToString())];
        output.Event(
            "ready", $"Peer {node.Id} is ready{(node.Gateway is { } gateway ? $", attached to gateway {gateway.ToShortString()}" : "")}:\n  {string.Join("\n  ", addresses)}",
            ("peer", node.Id.ToString()), ("addresses", addresses), ("gateway", node.Gateway?.ToString()));
    }
}
