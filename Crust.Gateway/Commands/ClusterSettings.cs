using System.CommandLine;
using Crust.Client.Membership;
using Crust.Client.Tls;

namespace Crust.Gateway.Commands;

/// <summary>The options that silo and gateway have in common: where the cluster keeps what it shares, and the certificates of its links.</summary>
internal sealed class ClusterSettings
{
    /// <summary>The environment variable that stands in for <c>--connection</c>: a command line is no place for a password.</summary>
    internal const string ConnectionVariable = "CRUST_CONNECTION";

    private readonly Option<string?> _connection;
    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "Mutual TLS on Orleans links: own certificate, PEM; read again when it changes.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--tls-key") { Description = "Own certificate's private key, PEM.", HelpName = "FILE" };
    private readonly Option<string?> _authority = new("--tls-ca") { Description = "Authorities that the other end's certificate must come from, PEM; no others count.", HelpName = "FILE" };
    private readonly Option<string?> _siloName = new("--tls-silo-name")
    {
        Description = $"DNS name that the certificates of silos have, and no others; {ClusterTlsOptions.DefaultSiloName} if left out.",
        HelpName = "NAME",
    };

    internal ClusterSettings(string profile, string connection)
    {
        Profile = new Option<string?>("--profile") { Description = profile, HelpName = string.Join('|', ClusterProfile.Names) };
        Profile.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && ClusterProfile.Complaint(result.Tokens[0].Value) is { } complaint)
                result.AddError(complaint);
        });
        _connection = new Option<string?>("--connection") { Description = $"{connection} {ConnectionVariable} stands in for it, which keeps secrets off the command line.", HelpName = "PLACE" };
        ClusterId.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !IsClusterId(result.Tokens[0].Value))
                result.AddError($"'{result.Tokens[0].Value}' is no name of a cluster: 1 to 63 of a-z, 0-9 and -.");
        });
    }

    /// <summary>The profile; null if left out.</summary>
    internal Option<string?> Profile { get; }

    /// <summary>The cluster's name for Orleans; null if left out.</summary>
    internal Option<string?> ClusterId { get; } = new("--cluster-id") { Description = "Name of this cluster among those on the same storage; crust if left out.", HelpName = "NAME" };

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])[Profile, _connection, ClusterId, _certificate, _key, _authority, _siloName])
            command.Options.Add(option);
    }

    /// <summary>The connection: the option, the file's, or for a profile that needs one the environment's.</summary>
    internal string? ReadConnection(ParseResult line, GatewayConfiguration? file) =>
        line.GetValue(_connection) ?? file?.Connection ?? ((line.GetValue(Profile) ?? file?.Profile) is null or ClusterProfile.Embedded ? null : Environment.GetEnvironmentVariable(ConnectionVariable));

    /// <summary>The certificates; null for none.</summary>
    /// <exception cref="InvalidDataException">Some of the three files are named and some are not.</exception>
    internal ClusterTlsOptions? ReadTls(ParseResult line, GatewayConfiguration? file)
    {
        var (certificate, key, authority) =
            (line.GetValue(_certificate) ?? file?.TlsCertificate, line.GetValue(_key) ?? file?.TlsKey, line.GetValue(_authority) ?? file?.TlsAuthority);
        var name = line.GetValue(_siloName) ?? file?.TlsSiloName;
        return (certificate, key, authority) switch
        {
            (null, null, null) when name is null => null,
            (not null, not null, not null) => new ClusterTlsOptions
            {
                CertificateFile = certificate, KeyFile = key, AuthorityFile = authority, SiloName = name ?? ClusterTlsOptions.DefaultSiloName,
            },
            _ => throw new InvalidDataException("Mutual TLS needs all of --tls-cert, --tls-key and --tls-ca."),
        };
    }

    private static bool IsClusterId(string text) => text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
