using System.CommandLine;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity.Driver;

namespace Crust.Gateway.Commands;

/// <summary><c>crust receive</c>: takes files and folders into one folder until Ctrl+C, or one with <c>--once</c>.</summary>
internal static class ReceiveCommand
{
    internal static Command Create()
    {
        var folder = FileReception.Folder("The folder that everything goes into; made if it is not there.", isRequired: true);
        var from = FileReception.From();
        var once = new Option<bool>("--once") { Description = "End after one transfer." };
        var maxSize = TransferOutput.Bytes("--max-size", "Most bytes of one transfer; as many as there is room for if left out.");
        var maxFiles = CommonOptions.Number("--max-files", "Most files and folders of one transfer.", "N", FileProtocol.MaxEntries, n => n is > 0 and <= FileProtocol.MaxEntries);
        var bootstrap = CommonOptions.Bootstrap();
        var cache = CommonOptions.BootstrapCache();
        var lan = CommonOptions.Lan();
        var identity = CommonOptions.Identity("The receiver's key; the default identity if left out, made at the first start.");
        var network = CommonOptions.Network();
        var listen = CommonOptions.Listen();
        var tcpPort = CommonOptions.TcpPort();
        var udpPort = CommonOptions.UdpPort();
        var json = CommonOptions.Json();
        var quiet = TransferOutput.Quiet();
        var verbose = CommonOptions.Verbose();
        var command = new Command("receive", "Receive files and folders into a folder, until Ctrl+C.")
        {
            folder, from, once, maxSize, maxFiles, bootstrap, cache, lan, identity, network, listen, tcpPort, udpPort, json, quiet, verbose,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new TransferOutput(parsed.GetValue(json), parsed.GetValue(quiet));
            await using var progress = output.Progress;
            return await CommandRunner.GuardAsync(output.Lines, async () =>
            {
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                using var key = IdentityFile.LoadOrCreate(parsed.GetValue(identity) ?? IdentityFile.DefaultPath);
                var options = new CrustNodeOptions
                {
                    Identity = key, NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, TcpPort = parsed.GetValue(tcpPort), UdpPort = parsed.GetValue(udpPort), LanDiscovery = parsed.GetValue(lan),
                };
                if (parsed.GetValue(listen) is { } address)
                    options.Listen = address;
                options.BootstrapCacheFile = CommonOptions.CacheFile(parsed.GetValue(cache), options.NetworkName);
                foreach (var contact in parsed.GetValue(bootstrap) ?? [])
                    options.Bootstrap.Add(contact);
                return await ReceiveAsync(
                    options,
                    parsed.GetValue(folder)!,
                    settings => settings with
                    {
                        From = (parsed.GetValue(from) ?? []).ToHashSet(),
                        MaxLength = parsed.GetValue(maxSize) ?? FileProtocol.MaxFileLength,
                        MaxEntries = parsed.GetValue(maxFiles),
                    },
                    parsed.GetValue(once),
                    output,
                    cancellationToken);
            });
        });
        return command;
    }

    private static async Task<int> ReceiveAsync(
        CrustNodeOptions options, string folder, Func<ReceiveSettings, ReceiveSettings> configure, bool once, TransferOutput output, CancellationToken cancellationToken)
    {
        await using var reception = new FileReception(options, folder, configure, output);
        try
        {
            await using var node = await CrustNode.StartAsync(options, cancellationToken);
            NodeCommand.Announce(node, output.Lines);
            reception.Announce();
            return await (once ? reception.Once : new TaskCompletionSource<int>().Task).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!once && cancellationToken.IsCancellationRequested)
        {
            output.Lines.Event("stopping", "Stopping.");
            return CommandRunner.Done;
        }
    }
}
