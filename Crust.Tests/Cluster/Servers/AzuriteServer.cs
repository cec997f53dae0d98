using Crust.Tests.Architecture;
using Crust.Tests.Interop.Utp;

namespace Crust.Tests.Cluster.Servers;

/// <summary>Azurite's table service: Azure Tables as Microsoft emulates them.</summary>
/// <param name="certificate">A PEM file: with it, and its key, the service is at an https address of localhost and wants the token of an identity; without, the account's key over http.</param>
/// <param name="key">A PEM file.</param>
internal sealed class AzuriteServer(string? certificate = null, string? key = null) : StorageServer
{
    /// <summary>The account that every Azurite has; its key is public.</summary>
    private const string Account = "devstoreaccount1", Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly string Program = RepositoryRoot.PathOf("Crust.Tests/Cluster/Servers/Azurite/node_modules/azurite/dist/src/table/main.js");

    private static readonly Lazy<bool> IsThere = new(() => File.Exists(Program) && Tool.Runs("node", "--version"));

    internal override bool IsInstalled => IsThere.Value;

    protected override string Name => "Azurite (Node.js with azurite)";

    internal override string ConnectionAt(int port) => certificate is not null ? $"https://localhost:{port}/{Account}"
        : $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};TableEndpoint=http://127.0.0.1:{port}/{Account};";

    internal override StorageServer Another() => new AzuriteServer(certificate, key);

    protected override (string Command, string[] Arguments) CommandLine() =>
    (
        "node",
        [
            Program, "--location", Folder, "--tableHost", "127.0.0.1", "--tablePort", $"{Port}", "--skipApiVersionCheck", "--disableTelemetry", "--silent",
            .. certificate is null ? (string[])[] : ["--cert", certificate, "--key", key!, "--oauth", "basic"],
        ]
    );
}
