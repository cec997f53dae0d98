using System.CommandLine;
using System.Net;
using Crust.Client.Membership;
using Crust.Gateway.Commands;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Identity.Driver;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Silo;

/// <summary>The command line of the silo: <c>Crust.Silo [options]</c> runs it until it is told to stop.</summary>
internal static class RunCommand
{
    private static readonly Option<IPAddress> Listen =
        Address("--listen", "Private address of the silo's own ports; loopback if left out. Never a public one: whoever reaches it rules the cluster.");

    private static readonly Option<IPAddress?> Advertise = new("--advertise")
    {
        Description = "Private address that silos and gateways are told; the one of --listen if left out.",
        HelpName = "IP",
        CustomParser = CommonOptions.ParseAddress,
    };

    private static readonly Option<int> SiloPort = Port("--silo-port", "Port that silos talk on; 0 for any.", SiloOptions.DefaultSiloPort);

    private static readonly Option<int> GatewayPort =
        Port("--gateway-port", "Port that gateways and services (Orleans clients) connect to; 0 for any.", SiloOptions.DefaultGatewayPort);

    private static readonly Option<IPAddress> PeersListen = Address("--peers-listen", "Address that the gateway inside listens on for peers; loopback if left out.");

    private static readonly Option<int> PeersPort = Port("--peers-port", "TCP port that the gateway inside listens on for peers; 0 for any.", 0);

    private static readonly Option<int> PeersUdpPort = Port("--peers-udp-port", "UDP port that the gateway inside listens on for peers, for µTP; 0 for any.", 0);

    private static readonly Option<string> Http = new("--http")
    {
        Description = "Where the status page is served: IP:PORT, or PORT on loopback; port 0 for any.",
        DefaultValueFactory = _ => SiloOptions.DefaultHttpPort.ToString(System.Globalization.CultureInfo.InvariantCulture),
        HelpName = "IP:PORT",
    };

    private static readonly ClusterSettings Cluster = new(
        $"Where state and the list of silos are kept: {ClusterProfile.Embedded} (one silo; the default), {ClusterProfile.Azure} or {ClusterProfile.Redis} (several).",
        "Data folder (embedded), storage account's connection string or https address (azure), HOST:PORT with options (redis).");

    private static readonly Option<bool> AcceptDataLoss = new("--accept-data-loss") { Description = "Redis: start although the server may lose acknowledged writes, and warn of it." };

    private static readonly Option<string> Network = new("--network") { Description = "Name of the network.", DefaultValueFactory = _ => NetworkId.DefaultName };

    private static readonly Option<string?> Access = CommonOptions.Access();

    private static readonly Option<PeerId[]> Operators = CommonOptions.Operators();

    private static readonly Option<bool> AcceptUnproven = new("--accept-unproven-gateways")
    {
        Description = "While gateways of the release before are being replaced: believe gateways that do not prove who they are, and warn of it.",
    };

    private static readonly Option<bool> NoGateway = new("--no-gateway") { Description = "Run the silo without a gateway for peers." };

    private static readonly Option<bool> Json = new("--json") { Description = "Tell events as JSON, one a line, on standard output." };

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Log information too, not only warnings." };

    /// <summary>The root command, to which other verbs may be added.</summary>
    internal static RootCommand Create()
    {
        var command = new RootCommand("Runs a silo of a Crust cluster, with a status page. The embedded profile is a whole cluster in one process.")
        {
            Listen, Advertise, SiloPort, GatewayPort, PeersListen, PeersPort, PeersUdpPort, Http, AcceptDataLoss, Network, Access, Operators, AcceptUnproven, NoGateway, Json, Verbose,
        };
        Cluster.AddTo(command);
        Http.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && ParseEndPoint(result.Tokens[0].Value) is null)
                result.AddError($"'{result.Tokens[0].Value}' is not IP:PORT or PORT.");
        });
        command.Validators.Add(result =>
        {
            if (result.GetResult(Access) is not null && result.GetValue(NoGateway))
                result.AddError("--access is for the gateway inside, and there is none with --no-gateway.");
            if (result.GetResult(Access) is not null && result.GetValue(Cluster.Profile) is { } profile && profile != ClusterProfile.Embedded)
                result.AddError($"--access is for the gateway inside, and there is none with the profile {profile}.");
        });
        Network.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !CommonOptions.IsNetworkName(result.Tokens[0].Value))
                result.AddError($"A network name has 1 to {NetworkId.MaxNameLength} bytes.");
        });
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary><c>IP:PORT</c> or <c>PORT</c>; null for anything else.</summary>
    internal static IPEndPoint? ParseEndPoint(string text)
    {
        if (ushort.TryParse(text, System.Globalization.NumberStyles.None, null, out var port))
            return new IPEndPoint(IPAddress.Loopback, port);
        return text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out var endPoint) ? endPoint : null;
    }

    private static Option<IPAddress> Address(string name, string description) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => IPAddress.Loopback,
        HelpName = "IP",
        CustomParser = CommonOptions.ParseAddress,
    };

    private static Option<int> Port(string name, string description, int byDefault)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => byDefault, HelpName = "PORT" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !ushort.TryParse(result.Tokens[0].Value, out _))
                result.AddError($"'{result.Tokens[0].Value}' is not a port for {name}: 0 to 65535.");
        });
        return option;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(Console.Out, Console.Error, line.GetValue(Json));
        return await CommandRunner.GuardAsync(output, async () =>
        {
            var options = Options(line);
            try
            {
                await using var silo = await SiloHost.StartAsync(options, cancellationToken);
                // Of the gateway inside only a broken access file has something to tell: the silo tells the rest.
                using var logging = line.GetValue(Access) is null ? NullLoggerFactory.Instance : ConsoleLogging.Create(line.GetValue(Verbose));
                await using var gateway = line.GetValue(NoGateway) || options.Profile != ClusterProfile.Embedded ? null : await StartGatewayAsync(silo, line, logging, cancellationToken);
                foreach (var warning in silo.Warnings)
                    output.Warning(warning);
                Tell(silo, gateway, output);
                await silo.Stopped.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return CommandRunner.Done;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return CommandRunner.Done;
            }
            catch (SiloStartException e)
            {
                output.Failed("silo-start", e.Message);
                return CommandRunner.Failed;
            }
        });
    }

    private static SiloOptions Options(ParseResult line) => new()
    {
        SiloPort = line.GetValue(SiloPort),
        GatewayPort = line.GetValue(GatewayPort),
        Http = ParseEndPoint(line.GetValue(Http)!)!,
        Profile = line.GetValue(Cluster.Profile) ?? ClusterProfile.Embedded,
        Connection = Cluster.ReadConnection(line, null),
        AcceptsDataLoss = line.GetValue(AcceptDataLoss),
        ClusterId = line.GetValue(Cluster.ClusterId) ?? SiloOptions.DefaultClusterId,
        Tls = Cluster.ReadTls(line, null),
        Network = line.GetValue(Network)!,
        Operators = line.GetValue(Operators)!,
        AcceptsUnprovenGateways = line.GetValue(AcceptUnproven),
        Listen = line.GetValue(Listen)!,
        Advertise = line.GetValue(Advertise),
        LogLevel = line.GetValue(Verbose) ? LogLevel.Information : LogLevel.Warning,
    };

    /// <summary>The gateway inside the silo's process: its key is kept with the data, its way to the cluster is short.</summary>
    private static async Task<GatewayServer> StartGatewayAsync(SiloHost silo, ParseResult line, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var identity = IdentityFile.LoadOrCreate(Path.Combine(silo.DataFolder, "gateway"));
        var options = new GatewayOptions
        {
            Identity = identity,
            NetworkName = line.GetValue(Network)!,
            Listen = line.GetValue(PeersListen)!,
            TcpPort = line.GetValue(PeersPort),
            UdpPort = line.GetValue(PeersUdpPort),
            AccessFile = line.GetValue(Access),
            Operators = line.GetValue(Operators)!,
        };
        return await GatewayServer.StartAsync(options, silo.CreateClient, logging, TimeProvider.System, cancellationToken);
    }

    private static void Tell(SiloHost silo, GatewayServer? gateway, CommandOutput output)
    {
        string[] addresses = gateway is null ? [] : [.. gateway.Addresses.Select(a => a.ToString())];
        var peers = addresses.Length == 0 ? "" : $"\nPeers attach to {string.Join(" or ", addresses)}";
        output.Event(
            "ready",
            $"The silo runs. Gateways and services connect to {silo.GatewayEndPoint}; the status page is {silo.StatusPage}{peers}\nData is in {silo.Place}. Ctrl+C stops it.",
            ("siloPort", silo.SiloPort), ("gatewayPort", silo.GatewayPort), ("httpPort", silo.HttpEndPoint.Port), ("status", silo.StatusPage.ToString()),
            ("data", silo.Place), ("peer", gateway?.Id.ToString()), ("addresses", addresses));
    }
}
