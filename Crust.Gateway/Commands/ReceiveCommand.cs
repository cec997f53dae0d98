using System.CommandLine;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Identity.Driver;

namespace Crust.Gateway.Commands;

/// <summary><c>crust receive</c>: takes files and folders into one folder until Ctrl+C, or one with <c>--once</c>.</summary>
internal static class ReceiveCommand
{
    internal static Command Create()
    {
        var folder = new Option<string>("--out") { Description = "The folder that everything goes into; made if it is not there.", HelpName = "DIR", Required = true };
        var from = From();
        var once = new Option<bool>("--once") { Description = "End after one transfer." };
        var maxSize = TransferOutput.Bytes("--max-size", "Most bytes of one transfer; as many as there is room for if left out.");
        var maxFiles = CommonOptions.Number("--max-files", "Most files and folders of one transfer.", "N", FileProtocol.MaxEntries, n => n is > 0 and <= FileProtocol.MaxEntries);
        var bootstrap = CommonOptions.Bootstrap();
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
            folder, from, once, maxSize, maxFiles, bootstrap, identity, network, listen, tcpPort, udpPort, json, quiet, verbose,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new TransferOutput(parsed.GetValue(json), parsed.GetValue(quiet));
            await using var progress = output.Progress;
            return await CommandRunner.GuardAsync(output.Lines, async () =>
            {
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                using var key = IdentityFile.LoadOrCreate(parsed.GetValue(identity) ?? IdentityFile.DefaultPath);
                var partial = new PartialFolder(parsed.GetValue(folder)!);
                var settings = new ReceiveSettings
                {
                    Self = key.Id,
                    Folder = partial.Receiving,
                    From = (parsed.GetValue(from) ?? []).ToHashSet(),
                    MaxLength = parsed.GetValue(maxSize) ?? FileProtocol.MaxFileLength,
                    MaxEntries = parsed.GetValue(maxFiles),
                };
                var options = new CrustNodeOptions
                {
                    Identity = key, NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, TcpPort = parsed.GetValue(tcpPort), UdpPort = parsed.GetValue(udpPort),
                };
                if (parsed.GetValue(listen) is { } address)
                    options.Listen = address;
                foreach (var contact in parsed.GetValue(bootstrap) ?? [])
                    options.Bootstrap.Add(contact);
                return await ReceiveAsync(settings, options, partial, parsed.GetValue(once), output, cancellationToken);
            });
        });
        return command;
    }

    private static async Task<int> ReceiveAsync(
        ReceiveSettings settings, CrustNodeOptions options, PartialFolder partial, bool once, TransferOutput output, CancellationToken cancellationToken)
    {
        var events = new ReceiveEventLines(output);
        await using var receiver = new FileReceiver(settings, partial, events, TimeProvider.System);
        options.Handlers[FileProtocol.Name] = receiver.HandleAsync;
        try
        {
            await using var node = await CrustNode.StartAsync(options, cancellationToken);
            NodeCommand.Announce(node, output.Lines);
            var who = settings.From.Count == 0 ? "anyone" : string.Join(", ", settings.From);
            output.Lines.Event(
                "receiving", $"Receiving into {settings.Folder} from {who}.", ("folder", settings.Folder), ("from", settings.From.Select(p => p.ToString()).ToArray()));
            return await (once ? events.Once : new TaskCompletionSource<int>().Task).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!once && cancellationToken.IsCancellationRequested)
        {
            output.Lines.Event("stopping", "Stopping.");
            return CommandRunner.Done;
        }
        finally
        {
            partial.DeleteIfEmpty();
        }
    }

    private static Option<PeerId[]> From() => new("--from")
    {
        Description = "Take files from this peer only; may repeat. From anyone if left out.",
        HelpName = "PEERID",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            var peers = new List<PeerId>();
            foreach (var token in result.Tokens)
            {
                if (PeerId.TryParse(token.Value, null, out var peer))
                    peers.Add(peer);
                else
                    result.AddError($"'{token.Value}' is not a peer id: 52 characters of z-base-32 that name an Ed25519 public key.");
            }

            return [.. peers];
        },
    };
}
