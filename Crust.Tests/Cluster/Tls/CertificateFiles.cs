using System.Security.Cryptography.X509Certificates;
using Crust.Client.Tls;
using Crust.Tests.Processes;

namespace Crust.Tests.Cluster.Tls;

/// <summary>Three PEM files of one process.</summary>
internal sealed class CertificateFiles
{
    private readonly TemporaryFolder _folder;
    private readonly string _name;

    internal CertificateFiles(TemporaryFolder folder, string name, (string Certificate, string Key) own, string authorities)
    {
        (_folder, _name) = (folder, name);
        Replace(own, authorities);
    }

    internal ClusterTlsOptions Options => new() { CertificateFile = _folder.PathOf($"{_name}.pem"), KeyFile = _folder.PathOf($"{_name}.key"), AuthorityFile = _folder.PathOf($"{_name}.ca") };

    /// <summary>What a renewal does.</summary>
    internal void Replace((string Certificate, string Key) own, string authorities)
    {
        _folder.Write($"{_name}.pem", own.Certificate);
        _folder.Write($"{_name}.key", own.Key);
        _folder.Write($"{_name}.ca", authorities);
    }

    /// <summary>The command line's words for them.</summary>
    internal string[] Arguments => ["--tls-cert", Options.CertificateFile, "--tls-key", Options.KeyFile, "--tls-ca", Options.AuthorityFile];

    internal X509Certificate2 Load()
    {
        using var pem = X509Certificate2.CreateFromPemFile(Options.CertificateFile, Options.KeyFile);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
