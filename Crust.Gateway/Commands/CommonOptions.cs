using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Text;
using Crust.Discovery.Bootstrap.Driver;
using Crust.Identity;
using Crust.Identity.Driver;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Gateway.Commands;

/// <summary>Options and arguments that several commands share, with the checks that make a wrong one a clear line.</summary>
internal static class CommonOptions
{
    /// <summary>The environment variable that stands in for <c>--bootstrap</c>: addresses with spaces or commas between them.</summary>
    internal const string BootstrapVariable = "CRUST_BOOTSTRAP";

    internal static Option<bool> Json() => new("--json") { Description = "Print one JSON object a line." };

    internal static Option<bool> Verbose() => new("--verbose") { Description = "Log what happens to the error stream." };

    internal static Option<string> Network()
    {
        var option = new Option<string>("--network")
        {
            Description = "Name of the network; peers of different networks never meet.",
            HelpName = "NAME",
            DefaultValueFactory = _ => NetworkId.DefaultName,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !IsNetworkName(result.Tokens[0].Value))
                result.AddError($"A network name has 1 to {NetworkId.MaxNameLength} bytes.");
        });
        return option;
    }

    internal static Option<string?> Identity(string description) => new("--identity") { Description = description, HelpName = "FILE" };

    internal static Option<string?> Access() => new("--access")
    {
        Description = "File of who may connect, reloaded when it changes: lines 'allow PEERID', 'deny PEERID', 'deny NETWORK'.",
        HelpName = "FILE",
    };

    internal static Option<PeerAddress[]> Bootstrap() => new("--bootstrap")
    {
        Description = $"Address of a gateway, tcp://IP:PORT/PEERID or utp://IP:PORT/PEERID; may repeat, and those of one gateway race. {BootstrapVariable} stands in for it.",
        HelpName = "ADDR",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = result => ParseAddresses(result, result.Tokens.Select(t => t.Value)),
        DefaultValueFactory = result => ParseAddresses(
            result, (Environment.GetEnvironmentVariable(BootstrapVariable) ?? "").Split([' ', ',', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    };

    /// <summary>Where a command remembers gateways and peers.</summary>
    internal static Option<string?> BootstrapCache() => new("--bootstrap-cache")
    {
        Description = "File in which gateways and peers are remembered, so that --bootstrap can be left out next time; in the user's configuration folder if left out, 'none' for none.",
        HelpName = "FILE",
    };

    /// <summary>The file that <see cref="BootstrapCache"/> names: by default one for each network, beside the default identity. Null: none.</summary>
    internal static string? CacheFile(string? named, string network) => named switch
    {
        "none" => null,
        null => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(IdentityFile.DefaultPath)!, $"bootstrap-{NetworkId.FromName(network).KeyPrefix}"),
        _ => named,
    };

    /// <summary>True when the options name nobody to begin with, and the file remembers nobody.</summary>
    internal static bool KnowsNobody(CrustNodeOptions options) =>
        options.Bootstrap.Count == 0
        && (options.BootstrapCacheFile is null || new BootstrapCacheFile(options.BootstrapCacheFile, NetworkId.FromName(options.NetworkName), NullLogger.Instance).Read().Count == 0);

    /// <summary>The operators of the network; none if left out.</summary>
    internal static Option<PeerId[]> Operators()
    {
        var option = new Option<PeerId[]>("--operator")
        {
            Description = "Id of an operator whose signed orders (bans, allow list, drains) count; may repeat. Without any, every order is refused.",
            HelpName = "PEERID",
            DefaultValueFactory = _ => [],
            CustomParser = result => [.. result.Tokens.Select(token => Parse<PeerId>(result, token.Value, ParsePeer, ComplainOfPeer))],
        };
        return option;
    }

    internal static Option<bool> Lan() => new("--lan") { Description = "Be found on this LAN, and look for peers there: needs no gateway." };

    internal static Argument<PeerId> Peer() => Peer("PEERID", "The peer's id: 52 characters of z-base-32.");

    /// <summary>An id by another name.</summary>
    internal static Argument<PeerId> Peer(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => Parse<PeerId>(result, result.Tokens[0].Value, ParsePeer, ComplainOfPeer),
    };

    /// <summary>An option that is a peer's id; null when it is left out.</summary>
    internal static Option<PeerId?> OptionalPeer(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "PEERID",
        CustomParser = result => Parse<PeerId>(result, result.Tokens[0].Value, ParsePeer, ComplainOfPeer),
    };

    internal static Option<IPAddress?> Listen() => new("--listen")
    {
        Description = "IP address to listen on; every address if left out.",
        HelpName = "IP",
        CustomParser = ParseAddress,
    };

    internal static Option<int> TcpPort() => new("--tcp-port")
    {
        Description = "TCP port to listen on; 0 draws a random one.",
        HelpName = "N",
        CustomParser = result => Parse(result, result.Tokens[0].Value, ParsePort, text => $"'{text}' is not a port: 0 to 65535."),
    };

    internal static Option<int> UdpPort() => new("--udp-port")
    {
        Description = "UDP port to listen on, for µTP; 0 draws a random one.",
        HelpName = "N",
        CustomParser = result => Parse(result, result.Tokens[0].Value, ParsePort, text => $"'{text}' is not a port: 0 to 65535."),
    };

    /// <summary>Another port.</summary>
    internal static Option<int> Port(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => Parse(result, result.Tokens[0].Value, ParsePort, text => $"'{text}' is not a port: 0 to 65535."),
    };

    internal static Option<PathChoice> Path() => new("--path")
    {
        Description = "Which path will do: any, direct or relay.",
        HelpName = "any|direct|relay",
        DefaultValueFactory = _ => PathChoice.Any,
        CustomParser = result => Parse<PathChoice>(
            result, result.Tokens[0].Value, text => text switch
            {
                "any" => PathChoice.Any,
                "direct" => PathChoice.Direct,
                "relay" => PathChoice.Relay,
                _ => null,
            },
            text => $"'{text}' is not a path: any, direct or relay."),
    };

    /// <summary>An option that takes a number for which a condition holds.</summary>
    internal static Option<T> Number<T>(string name, string description, string helpName, T byDefault, Func<T, bool> isInRange) where T : struct, INumber<T> => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => byDefault,
        CustomParser = result => Parse<T>(
            result, result.Tokens[0].Value, text => T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && isInRange(number) ? number : null,
            text => $"'{text}' is not a number for {name}, or out of range."),
    };

    /// <summary>Parses an option that is one IP address.</summary>
    internal static IPAddress? ParseAddress(ArgumentResult result)
    {
        if (IPAddress.TryParse(result.Tokens[0].Value, out var address))
            return address;
        result.AddError($"'{result.Tokens[0].Value}' is not an IP address.");
        return null;
    }

    /// <summary>True for a name that a network may have.</summary>
    internal static bool IsNetworkName(string name) => Encoding.UTF8.GetByteCount(name) is > 0 and <= NetworkId.MaxNameLength;

    /// <summary>True for <c>HOST:PORT</c>.</summary>
    internal static bool IsHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && ParsePort(text[(colon + 1)..]) is > 0;
    }

    private static PeerId? ParsePeer(string text) => PeerId.TryParse(text, null, out var id) ? id : null;

    private static string ComplainOfPeer(string text) => $"'{text}' is not a peer id: 52 characters of z-base-32 that name an Ed25519 public key.";

    private static int? ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort ? port : null;

    private static T Parse<T>(SymbolResult result, string text, Func<string, T?> parse, Func<string, string> complain) where T : struct
    {
        if (parse(text) is { } value)
            return value;
        result.AddError(complain(text));
        return default;
    }

    private static PeerAddress[] ParseAddresses(SymbolResult result, IEnumerable<string> texts)
    {
        var addresses = new List<PeerAddress>();
        foreach (var text in texts)
        {
            if (PeerAddress.TryParse(text, out var address))
                addresses.Add(address);
            else
                result.AddError($"'{text}' is not a gateway's address: tcp://IP:PORT/PEERID or utp://IP:PORT/PEERID.");
        }

        return [.. addresses];
    }
}
