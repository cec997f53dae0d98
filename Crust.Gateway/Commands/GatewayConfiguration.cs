using System.Net;
using System.Reflection;
using Crust.Gateway.Files;
using Crust.Identity;
using Microsoft.Extensions.Configuration;

namespace Crust.Gateway.Commands;

/// <summary>
/// The file of <c>crust gateway --config</c>: a JSON object with any of the members below. The command line has precedence.
/// </summary>
internal sealed class GatewayConfiguration
{
    public string? Listen { get; set; }

    public int? TcpPort { get; set; }

    public int[]? AlsoTcpPorts { get; set; }

    public int? UdpPort { get; set; }

    public int? StunPort { get; set; }

    public string? Alternate { get; set; }

    public string[]? Advertise { get; set; }

    public string? Identity { get; set; }

    public string? Network { get; set; }

    public string[]? Cluster { get; set; }

    public string? Profile { get; set; }

    public string? Connection { get; set; }

    public string? ClusterId { get; set; }

    public string? TlsCertificate { get; set; }

    public string? TlsKey { get; set; }

    public string? TlsAuthority { get; set; }

    public string? TlsSiloName { get; set; }

    public string? Region { get; set; }

    public string? Access { get; set; }

    public string[]? Operators { get; set; }

    public string[]? NeverDial { get; set; }

    public int? RelayCircuits { get; set; }

    public string? RelayRate { get; set; }

    public string? RelayPeerRate { get; set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is missing, no JSON, or has members that are not known.</exception>
    internal static GatewayConfiguration Load(string path)
    {
        if (!File.Exists(path))
            throw new InvalidDataException($"The configuration file {path} does not exist.");
        try
        {
            var file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path)).Build();
            if (file.GetChildren().FirstOrDefault(c => typeof(GatewayConfiguration).GetProperty(c.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is null) is { } unknown)
                throw new InvalidDataException($"it has no setting '{unknown.Key}'.");
            var read = file.Get<GatewayConfiguration>() ?? new GatewayConfiguration();
            if (read.RelayCircuits < 0)
                throw new InvalidDataException($"{read.RelayCircuits} is not a number of circuits.");
            foreach (var port in new[] { read.TcpPort, read.UdpPort, read.StunPort }.Concat((read.AlsoTcpPorts ?? []).Select(p => (int?)p)))
            {
                if (port is < 0 or > IPEndPoint.MaxPort)
                    throw new InvalidDataException($"{port} is not a port: 0 to 65535.");
            }

            return read;
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The configuration file {path} cannot be used: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    /// <summary>A number of bytes, checked.</summary>
    internal static long? BytesOf(string? text) => text is null ? null
        : ByteSize.Parse(text) ?? throw new InvalidDataException($"'{text}' in the configuration file is not a number of bytes: 500K, 10M.");

    /// <summary>The network's name, checked.</summary>
    internal string? NetworkName() => Network is null || CommonOptions.IsNetworkName(Network)
        ? Network : throw new InvalidDataException($"The network's name in the configuration file must have 1 to {NetworkId.MaxNameLength} bytes.");

    /// <summary>The cluster's end points, checked.</summary>
    internal string[] ClusterEndPoints() => Cluster?.FirstOrDefault(text => !CommonOptions.IsHostAndPort(text)) is not { } wrong
        ? Cluster ?? [] : throw new InvalidDataException($"'{wrong}' in the configuration file is not HOST:PORT.");

    /// <summary>The operators' ids, checked.</summary>
    internal PeerId[] OperatorIds() => [.. (Operators ?? []).Select(text => PeerId.TryParse(text, null, out var id)
        ? id : throw new InvalidDataException($"'{text}' in the configuration file is not a peer id."))];

    /// <summary>The listen address, checked.</summary>
    internal IPAddress? ListenAddress() => Address(Listen);

    /// <summary>The second address for STUN, checked.</summary>
    internal IPAddress? AlternateAddress() => Address(Alternate);

    private static IPAddress? Address(string? text) => text is null ? null
        : IPAddress.TryParse(text, out var address) ? address : throw new InvalidDataException($"'{text}' in the configuration file is not an IP address.");
}
