using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Identity.Driver;
using Crust.Transport;

namespace Crust.Gateway.Commands;

/// <summary><c>crust send</c>: sends a file or folder to a peer that runs <c>crust receive</c>, and ends with that peer's receipt.</summary>
internal static class SendCommand
{
    internal static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "The file or folder." };
        var peer = CommonOptions.Peer();
        var bootstrap = CommonOptions.Bootstrap();
        var address = Address();
        var cache = CommonOptions.BootstrapCache();
        var lan = CommonOptions.Lan();
        var identity = CommonOptions.Identity("The sender's key, which a transfer that goes on later needs again; the default identity if left out.");
        var network = CommonOptions.Network();
        var listen = CommonOptions.Listen();
        var retry = CommonOptions.Number<double>("--retry", "Seconds to try to reach the receiver again after a connection ended.", "SECONDS", byDefault: 120, n => n is >= 0 and < 86_400);
        var limit = TransferOutput.Bytes("--limit", "Most bytes a second: 500K, 10M.");
        var receipt = new Option<string?>("--receipt") { Description = "Save the receiver's receipt to a file, which must not be there yet.", HelpName = "FILE" };
        var json = CommonOptions.Json();
        var quiet = TransferOutput.Quiet();
        var verbose = CommonOptions.Verbose();
        var command = new Command("send", "Send a file or folder to a peer; goes on where it stopped when run again.")
        {
            path, peer, bootstrap, cache, address, lan, identity, network, listen, retry, limit, receipt, json, quiet, verbose,
        };
        command.Validators.Add(result =>
        {
            // From the words themselves: the value of what is wrongly written throws, and that has been complained of already.
            foreach (var word in result.GetResult(address)?.Tokens.Select(t => t.Value) ?? [])
            {
                if (PeerAddress.TryParse(word, out var at) && PeerId.TryParse(Word(result.GetResult(peer)), null, out var to) && at.Peer != to)
                    result.AddError($"--address names {at.Peer}, not {to}.");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var output = new TransferOutput(parsed.GetValue(json), parsed.GetValue(quiet));
            await using var progress = output.Progress;
            return await CommandRunner.GuardAsync(output.Lines, async () =>
            {
                var contacts = parsed.GetValue(bootstrap) ?? [];
                var at = parsed.GetValue(address) ?? [];
                var cacheFile = CommonOptions.CacheFile(parsed.GetValue(cache), parsed.GetValue(network)!);
                if (contacts.Length == 0 && CommonOptions.KnowsNobody(new CrustNodeOptions { NetworkName = parsed.GetValue(network)!, BootstrapCacheFile = cacheFile }) && at.Length == 0 && !parsed.GetValue(lan))
                    throw new ConnectException(ConnectFailure.BootstrapFailed, default, $"No gateway is known: give --bootstrap ADDR or set {CommonOptions.BootstrapVariable}; or give --address ADDR, or --lan.");
                using var logging = ConsoleLogging.Create(parsed.GetValue(verbose));
                using var key = IdentityFile.LoadOrCreate(parsed.GetValue(identity) ?? IdentityFile.DefaultPath);
                var to = parsed.GetValue(peer);
                var inbox = new ReceiverInbox(to);
                var options = new CrustNodeOptions { Identity = key, NetworkName = parsed.GetValue(network)!, LoggerFactory = logging, LanDiscovery = parsed.GetValue(lan), AcceptBootstrap = false, BootstrapCacheFile = cacheFile };
                options.Handlers[FileProtocol.Name] = inbox.HandleAsync;
                if (parsed.GetValue(listen) is { } own)
                    options.Listen = own;
                foreach (var contact in contacts)
                    options.Bootstrap.Add(contact);
                var settings = new SendSettings
                {
                    Self = key.Id, Peer = to, Retry = TimeSpan.FromSeconds(parsed.GetValue(retry)), BytesPerSecond = parsed.GetValue(limit),
                };
                try
                {
                    return await SendAsync(parsed.GetValue(path)!, parsed.GetValue(receipt), settings, options, at, inbox, output, cancellationToken);
                }
                catch (TransferFailedException e)
                {
                    output.Lines.Failed(e.Code, e.Message);
                    return CommandRunner.Failed;
                }
            });
        });
        return command;
    }

    private static async Task<int> SendAsync(
        string path, string? receiptFile, SendSettings settings, CrustNodeOptions options, PeerAddress[] addresses, ReceiverInbox inbox, TransferOutput output,
        CancellationToken cancellationToken)
    {
        if (receiptFile is not null && Placement.IsTaken(receiptFile))
            throw new TransferFailedException("exists", $"'{receiptFile}' is there already: name another file for the receipt.");
        var source = SourceTree.Scan(path, (skipped, why) => output.Lines.Event("skipped", $"Left out {Printable.Of(skipped)}: {why}.", ("path", skipped), ("why", why)));
        var manifest = source.Manifest;
        var progress = new TransferProgress(TransferId.For(settings.Self, manifest.Hash), manifest);
        output.Lines.Event(
            "offer", $"Sending '{Printable.Of(manifest.Root.Name)}' ({TransferOutput.Size(manifest)}) to {settings.Peer}.",
            ("transfer", progress.Id.Text), ("peer", settings.Peer.ToString()), ("name", manifest.Root.Name), ("kind", manifest.Root.IsFolder ? "folder" : "file"),
            ("files", manifest.Files), ("bytes", manifest.TotalLength), ("skipped", source.Skipped));
        await using var node = await CrustNode.StartAsync(options, cancellationToken);
        var lines = new ConnectionLines(output.Lines);
        var sender = new FileSender(
            settings, source, inbox,
            token =>
            {
                lines.Begin();
                return ConnectAsync(node, settings.Peer, addresses, token);
            },
            progress, TimeProvider.System);
        sender.Connected += lines.Connected;
        node.PeerPathChanged += c =>
        {
            if (c.Peer == settings.Peer)
                lines.PathChanged(c);
        };
        sender.Resumed += bytes => output.Lines.Event(
            "resumed", $"The receiver has {ByteSize.Format(bytes)} of {ByteSize.Format(manifest.TotalLength)} already: going on from there.",
            ("transfer", progress.Id.Text), ("bytes", bytes), ("total", manifest.TotalLength));
        var start = Stopwatch.GetTimestamp();
        output.Progress.Add(progress);
        ReceiptEvidence evidence;
        try
        {
            evidence = await sender.SendAsync(cancellationToken);
        }
        finally
        {
            output.Progress.Remove(progress);
        }

        if (receiptFile is not null)
            await SaveAsync(receiptFile, evidence, cancellationToken);
        Report(sender, progress, evidence, receiptFile, Stopwatch.GetElapsedTime(start), output.Lines);
        return CommandRunner.Done;
    }

    private static void Report(FileSender sender, TransferProgress progress, ReceiptEvidence evidence, string? receiptFile, TimeSpan took, CommandOutput lines)
    {
        var (manifest, receipt) = (progress.Manifest, evidence.Receipt);
        var seconds = Math.Round(took.TotalSeconds, 3);
        lines.Event(
            "done", string.Create(CultureInfo.InvariantCulture, $"Sent {ByteSize.Format(sender.BytesSent)} in {seconds:0.0} s ({ByteSize.Format(sender.BytesSent / Math.Max(seconds, 0.001))}/s)."),
            ("transfer", progress.Id.Text), ("files", manifest.Files), ("bytes", manifest.TotalLength), ("sent", sender.BytesSent), ("seconds", seconds));
        lines.Event(
            "receipt",
            $"Receipt{(evidence.IsSigned ? ", signed" : "")}: {receipt.Receiver} has all of '{Printable.Of(receipt.Name)}' since {Printable.Of(receipt.Time)}, root {receipt.Root}.{(receiptFile is null ? "" : $" Saved to {receiptFile}.")}",
            ("transfer", progress.Id.Text), ("signed", evidence.IsSigned), ("file", receiptFile), ("receipt", JsonSerializer.Deserialize<JsonElement>(evidence.Document)));
    }

    /// <summary>Appears whole or not at all, and never in the place of something else.</summary>
    private static async Task SaveAsync(string file, ReceiptEvidence evidence, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            await stream.WriteAsync(evidence.Bytes, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TransferFailedException("receipt-not-saved", $"Everything was received, but the receipt could not be saved: {e.Message}", e);
        }
    }

    /// <summary>By address if one is given; where nobody answers there, by id.</summary>
    private static async Task<PeerConnection> ConnectAsync(CrustNode node, PeerId peer, PeerAddress[] addresses, CancellationToken cancellationToken)
    {
        if (addresses.Length == 0)
            return await node.ConnectAsync(peer, cancellationToken);
        try
        {
            return await node.ConnectToAddressesAsync(addresses, cancellationToken);
        }
        catch (ConnectException) when (node.Gateway is not null)
        {
            return await node.ConnectAsync(peer, cancellationToken);
        }
    }

    private static string? Word(SymbolResult? result) => result is { Tokens: [var token] } ? token.Value : null;

    private static Option<PeerAddress[]> Address() => new("--address")
    {
        Description = "Where the receiver listens, tcp://IP:PORT/PEERID or utp://IP:PORT/PEERID; may repeat, and they race. No gateway is needed then.",
        HelpName = "ADDR",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result =>
        {
            var addresses = new List<PeerAddress>();
            foreach (var token in result.Tokens)
            {
                if (PeerAddress.TryParse(token.Value, out var address))
                    addresses.Add(address);
                else
                    result.AddError($"'{token.Value}' is not a peer's address: tcp://IP:PORT/PEERID or utp://IP:PORT/PEERID.");
            }

            return [.. addresses];
        },
    };
}
