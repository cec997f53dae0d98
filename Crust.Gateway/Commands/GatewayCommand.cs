using System.CommandLine;
using System.Net;
using Crust.Client.Membership;
using Crust.Gateway.Relay;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Identity.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Commands;

/// <summary><c>crust gateway</c>: runs a gateway until it is told to stop.</summary>
internal static class GatewayCommand
{
    /// <summary>The word that asks for the listener's own addresses.</summary>
    private const string Auto = "auto";

    internal static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "JSON file with these settings; the command line has precedence.", HelpName = "FILE" };
        var listen = CommonOptions.Listen();
        var tcpPort = CommonOptions.TcpPort();
        var alsoTcpPorts = new Option<int[]>("--also-tcp-port") { Description = "Further TCP port to listen on, such as 443, for peers whose network lets nothing else out; may repeat.", HelpName = "N" };
        alsoTcpPorts.Validators.Add(result => Check(result, v => int.TryParse(v, out var port) && port is >= 0 and <= IPEndPoint.MaxPort, "is not a port: 0 to 65535"));
        var udpPort = CommonOptions.UdpPort();
        var stunPort = CommonOptions.Port("--stun-port", "Second port for STUN, UDP and TCP, by which peers find out about their NATs; 0 draws a random one.");
        var alternate = new Option<IPAddress?>("--alternate")
        {
            Description = "Second IP address of this host for STUN (RFC 5780), beside the one of --listen: peers find out more about their NATs.",
            HelpName = "IP",
            CustomParser = CommonOptions.ParseAddress,
        };
        var advertise = new Option<string[]>("--advertise")
        {
            Description = "Address to tell peers: IP, IP:PORT (for TCP and µTP), tcp://IP:PORT or utp://IP:PORT; auto (the default) tells those it listens on; may repeat.",
            HelpName = "auto|ADDR",
        };
        advertise.Validators.Add(result => Check(result, v => v == Auto || AdvertisedAddress.Parse(v) is not null, "is not an address: auto, IP, IP:PORT, tcp://IP:PORT or utp://IP:PORT"));
        var cluster = new Option<string[]>("--cluster") { Description = "Orleans gateway of the cluster, HOST:PORT; may repeat.", HelpName = "HOST:PORT" };
        cluster.Validators.Add(result => Check(result, CommonOptions.IsHostAndPort, "is not HOST:PORT"));
        var silos = new ClusterSettings(
            $"Find the silos where they keep their membership, in place of --cluster: {ClusterProfile.Azure} or {ClusterProfile.Redis}.",
            "Where that membership is: a storage account's connection string or https address (azure), HOST:PORT with options (redis). Reading is enough.");
        var neverDial = new Option<string[]>("--never-dial")
        {
            Description = "Network (IP/PREFIX) that is not dialled for peers that ask whether they can be reached, besides private ones; may repeat. The cluster's own, where it is public.",
            HelpName = "NETWORK",
        };
        neverDial.Validators.Add(result => Check(result, v => IPNetwork.TryParse(v, out _), "is not a network: IP/PREFIX, with no bits of the IP set behind the prefix"));
        var region = new Option<string?>("--region") { Description = "A free word for operators, of at most 64 characters.", HelpName = "NAME" };
        var relayCircuits = CommonOptions.Number("--relay-circuits", "Most circuits at a time.", "N", byDefault: RelayLimits.Default.MaxCircuits, n => n >= 0);
        var relayRate = TransferOutput.Bytes("--relay-rate", "Most bytes a second of all circuits together: 500K, 10M; no bound if left out.");
        var relayPeerRate = TransferOutput.Bytes("--relay-peer-rate", "Most bytes a second that one peer sends over circuits; no bound if left out.");
        var network = CommonOptions.Network();
        var identity = CommonOptions.Identity("The gateway's key; made at the first start if missing.");
        var access = CommonOptions.Access();
        var operators = CommonOptions.Operators();
        var json = CommonOptions.Json();
        var verbose = CommonOptions.Verbose();
        var command = new Command("gateway", "Run a gateway: peers attach to it, it tells the cluster, and passes on what they cannot send directly.")
        {
            config, listen, tcpPort, alsoTcpPorts, udpPort, stunPort, alternate, advertise, cluster, neverDial, region,
                relayCircuits, relayRate, relayPeerRate, network, identity, access, operators, json, verbose,
        };
        silos.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(output, async () =>
            {
                var file = parsed.GetValue(config) is { } path ? GatewayConfiguration.Load(path) : new GatewayConfiguration();
                using var key = IdentityFile.LoadOrCreate(parsed.GetValue(identity) ?? file.Identity ?? Path.Combine(Path.GetDirectoryName(IdentityFile.DefaultPath)!, "gateway"));
                var options = new GatewayOptions
                {
                    Identity = key,
                    NetworkName = parsed.GetResult(network) is { Implicit: false } ? parsed.GetValue(network)! : file.NetworkName() ?? parsed.GetValue(network)!,
                    Listen = parsed.GetValue(listen) ?? file.ListenAddress() ?? IPAddress.IPv6Any,
                    TcpPort = parsed.GetResult(tcpPort) is null ? file.TcpPort ?? 0 : parsed.GetValue(tcpPort),
                    UdpPort = parsed.GetResult(udpPort) is null ? file.UdpPort ?? 0 : parsed.GetValue(udpPort),
                    StunPort = parsed.GetResult(stunPort) is null ? file.StunPort ?? 0 : parsed.GetValue(stunPort),
                    Alternate = parsed.GetValue(alternate) ?? file.AlternateAddress(),
                    AlsoTcpPorts = parsed.GetValue(alsoTcpPorts) is { Length: > 0 } ports ? ports : file.AlsoTcpPorts ?? [],
                    Relay = RelayLimits.Default with
                    {
                        MaxCircuits = parsed.GetResult(relayCircuits) is { Implicit: false } ? parsed.GetValue(relayCircuits) : file.RelayCircuits ?? RelayLimits.Default.MaxCircuits,
                        BytesPerSecond = parsed.GetValue(relayRate) ?? GatewayConfiguration.BytesOf(file.RelayRate) ?? 0,
                        PeerBytesPerSecond = parsed.GetValue(relayPeerRate) ?? GatewayConfiguration.BytesOf(file.RelayPeerRate) ?? 0,
                    },
                    Advertise = Addresses(NotEmpty(parsed.GetValue(advertise)) ?? file.Advertise ?? []),
                    Cluster = NotEmpty(parsed.GetValue(cluster)) ?? file.ClusterEndPoints(),
                    Profile = parsed.GetValue(silos.Profile) ?? file.Profile,
                    Connection = silos.ReadConnection(parsed, file),
                    ClusterId = parsed.GetValue(silos.ClusterId) ?? file.ClusterId,
                    Tls = silos.ReadTls(parsed, file),
                    Region = parsed.GetValue(region) ?? file.Region ?? "",
                    Operators = parsed.GetValue(operators) is { Length: > 0 } ids ? ids : file.OperatorIds(),
                    AccessFile = parsed.GetValue(access) ?? file.Access,
                    NeverDial = Networks(NotEmpty(parsed.GetValue(neverDial)) ?? file.NeverDial ?? []),
                };
                if (options.Cluster.Count == 0 && options.Profile is null)
                    throw new InvalidDataException("A gateway needs a cluster: give --cluster HOST:PORT or --profile with --connection, or run Crust.Silo, which has a gateway inside.");
                if (options.Alternate is { } second && (second.AddressFamily != options.Listen.AddressFamily || second.Equals(options.Listen)
                    || options.Listen.Equals(IPAddress.Any) || options.Listen.Equals(IPAddress.IPv6Any)))
                    throw new InvalidDataException($"--alternate {second} needs --listen with one other address of the same family.");
                return await RunAsync(options, parsed.GetValue(verbose), output, cancellationToken);
            });
        });
        return command;
    }

    private static async Task<int> RunAsync(GatewayOptions options, bool verbose, CommandOutput output, CancellationToken cancellationToken)
    {
        using var logging = ConsoleLogging.Create(verbose);
        await using var gateway = await StartAsync(options, logging, cancellationToken);
        string[] addresses = [.. gateway.Addresses.Select(a => a.ToString())];
        output.Event(
            "ready", $"Gateway {gateway.Id} is ready:\n  {string.Join("\n  ", addresses)}",
            ("peer", gateway.Id.ToString()), ("addresses", addresses));
        try
        {
            await gateway.WaitForClusterAsync(cancellationToken);
            output.Event("cluster", "The cluster answers.", ("reachable", true));
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            output.Event("stopping", "Stopping.");
        }

        return CommandRunner.Done;
    }

    private static async Task<GatewayServer> StartAsync(GatewayOptions options, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        try
        {
            return await GatewayServer.StartAsync(options, logging, TimeProvider.System, cancellationToken);
        }
        catch (ArgumentException e) when (e.ParamName == "options")
        {
            // Where the silos are is told wrongly.
            throw new InvalidDataException(e.Message.Split(" (Parameter")[0], e);
        }
    }

    private static string[]? NotEmpty(string[]? values) => values is { Length: > 0 } ? values : null;

    private static IReadOnlyList<AdvertisedAddress> Addresses(string[] texts) =>
        [.. texts.Where(t => t != Auto).Select(t => AdvertisedAddress.Parse(t) ?? throw new InvalidDataException($"'{t}' is not an address to advertise: auto, IP, IP:PORT, tcp://IP:PORT or utp://IP:PORT."))];

    private static IReadOnlyList<IPNetwork> Networks(string[] texts) =>
        [.. texts.Select(t => IPNetwork.TryParse(t, out var network) ? network : throw new InvalidDataException($"'{t}' is not a network: IP/PREFIX."))];

    private static void Check(System.CommandLine.Parsing.OptionResult result, Func<string, bool> isRight, string complaint)
    {
        foreach (var value in result.Tokens.Select(t => t.Value).Where(v => !isRight(v)))
            result.AddError($"'{value}' {complaint}.");
    }
}
