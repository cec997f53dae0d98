using System.CommandLine;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;

namespace Crust.Gateway.Commands;

/// <summary>The receiver of files that <c>receive</c> has, and <c>node</c> when it is given a folder: its options, and its part of a node.</summary>
internal sealed class FileReception : IAsyncDisposable
{
    private readonly ReceiveSettings _settings;
    private readonly PartialFolder _folder;
    private readonly FileReceiver _receiver;
    private readonly ReceiveEventLines _events;
    private readonly TransferOutput _output;

    /// <summary>Makes the folder and registers the receiver in the options of a node that has not started.</summary>
    /// <param name="options">The node's; it must end before this is disposed of.</param>
    /// <param name="folder">The receiving folder.</param>
    /// <param name="configure">What is taken, where it is not everything.</param>
    /// <param name="output">Where it tells what happens.</param>
    internal FileReception(CrustNodeOptions options, string folder, Func<ReceiveSettings, ReceiveSettings> configure, TransferOutput output)
    {
        _output = output;
        _folder = new PartialFolder(folder);
        _settings = configure(new ReceiveSettings { Self = options.Identity!.Id, Folder = _folder.Receiving });
        _events = new ReceiveEventLines(output);
        _receiver = new FileReceiver(_settings, _folder, _events, TimeProvider.System);
        options.Handlers[FileProtocol.Name] = _receiver.HandleAsync;
    }

    /// <summary>Ends with the exit code once a transfer has come to its end, good or bad.</summary>
    internal Task<int> Once => _events.Once;

    internal static Option<string?> Folder(string description, bool isRequired) => new("--out") { Description = description, HelpName = "DIR", Required = isRequired };

    internal static Option<PeerId[]> From() => new("--from")
    {
        Description = "Take files from this peer only; may repeat. From anyone who may connect if left out.",
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

    /// <summary>Tells where files go, and from whom they are taken.</summary>
    internal void Announce()
    {
        var who = _settings.From.Count == 0 ? "anyone" : string.Join(", ", _settings.From);
        _output.Lines.Event(
            "receiving", $"Receiving into {_settings.Folder} from {who}.", ("folder", _settings.Folder), ("from", _settings.From.Select(p => p.ToString()).ToArray()));
    }

    public async ValueTask DisposeAsync()
    {
        await _receiver.DisposeAsync();
        _folder.DeleteIfEmpty();
    }
}
