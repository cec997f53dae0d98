using System.CommandLine;
using Crust.Client;
using Crust.Client.Membership;

namespace Crust.Gateway.Commands;

/// <summary>How the commands of operators reach the cluster: the options that a gateway has for it, and the client that is made of them.</summary>
internal sealed class AdminCluster
{
    /// <summary>How long to look for the cluster. Ours: several attempts to connect, and the time in which silos notice that one of them is gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Option<string?> _config = new("--config") { Description = "A gateway's configuration file: how it reaches the cluster and the network's name are taken from it; the command line has precedence.", HelpName = "FILE" };
    private readonly Option<string[]> _cluster = new("--cluster") { Description = "Orleans gateway of the cluster, HOST:PORT; may repeat.", HelpName = "HOST:PORT" };
    private readonly ClusterSettings _silos = new(
        $"Find the silos where they keep their membership, in place of --cluster: {ClusterProfile.Azure} or {ClusterProfile.Redis}.",
        "Where that membership is: a storage account's connection string or https address (azure), HOST:PORT with options (redis). Reading is enough.");

    private readonly Option<string> _network = CommonOptions.Network();
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<bool> _verbose = CommonOptions.Verbose();

    internal AdminCluster() => _cluster.Validators.Add(result =>
    {
        foreach (var wrong in result.Tokens.Select(t => t.Value).Where(v => !CommonOptions.IsHostAndPort(v)))
            result.AddError($"'{wrong}' is not HOST:PORT.");
    });

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])[_config, _cluster, _network, _json, _verbose])
            command.Options.Add(option);
        _silos.AddTo(command);
    }

    /// <summary>Runs a command with a client that is connected; its exit code.</summary>
    internal Task<int> RunAsync(ParseResult parsed, Func<CrustClusterClient, CommandOutput, Task<int>> command, CancellationToken cancellationToken)
    {
        var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(_json));
        return CommandRunner.GuardAsync(output, async () =>
        {
            var options = Options(parsed);
            using var logging = ConsoleLogging.Create(parsed.GetValue(_verbose));
            await using var client = Connect(options, logging);
            try
            {
                await client.WaitUntilConnectedAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
            }
            catch (TimeoutException)
            {
                var where = options.Profile is { } profile ? $"in the membership of the profile {profile}" : string.Join(", ", options.EndPoints);
                output.Failed("cluster-away", $"No silo answers within {Patience.TotalSeconds:0} s ({where}). Nothing was asked of the cluster.");
                return CommandRunner.Failed;
            }

            return await command(client, output);
        });
    }

    private static CrustClusterClient Connect(CrustClientOptions options, Microsoft.Extensions.Logging.ILoggerFactory logging)
    {
        try
        {
            return new CrustClusterClient(options, logging);
        }
        catch (ArgumentException e) when (e.ParamName == "options")
        {
            // Where the silos are is told wrongly.
            throw new InvalidDataException(e.Message.Split(" (Parameter")[0], e);
        }
    }

    private CrustClientOptions Options(ParseResult parsed)
    {
        var file = parsed.GetValue(_config) is { } path ? GatewayConfiguration.Load(path) : new GatewayConfiguration();
        var options = new CrustClientOptions
        {
            Network = parsed.GetResult(_network) is { Implicit: false } ? parsed.GetValue(_network)! : file.NetworkName() ?? parsed.GetValue(_network)!,
            Profile = parsed.GetValue(_silos.Profile) ?? file.Profile,
            Connection = _silos.ReadConnection(parsed, file),
            Tls = _silos.ReadTls(parsed, file),
        };
        options.ClusterId = parsed.GetValue(_silos.ClusterId) ?? file.ClusterId ?? options.ClusterId;
        foreach (var endPoint in parsed.GetValue(_cluster) is { Length: > 0 } named ? named : file.ClusterEndPoints())
            options.EndPoints.Add(endPoint);
        if (options.EndPoints.Count == 0 && options.Profile is null)
            throw new InvalidDataException("Which cluster? Give --cluster HOST:PORT, --profile with --connection, or a gateway's --config FILE.");
        return options;
    }
}
