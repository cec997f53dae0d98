using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Crust.Client.Tls;

namespace Crust.Tests.Cluster.Tls;

/// <summary>An authority that signs what tests want.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly X509Certificate2 _root;

    internal TestAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _root = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(30));
    }

    internal string Pem => _root.ExportCertificatePem();

    internal X509Certificate2Collection Collection => [_root];

    /// <summary>A certificate and its key, both PEM.</summary>
    internal (string Certificate, string Key) Issue(string name, bool server = true, bool client = true, TimeSpan? age = null, TimeSpan? life = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=crust", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var uses = new OidCollection();
        if (server)
            uses.Add(new Oid(CertificateCheck.ServerUse));
        if (client)
            uses.Add(new Oid(CertificateCheck.ClientUse));
        if (uses.Count > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(uses, false));
        var from = DateTimeOffset.UtcNow - (age ?? TimeSpan.FromDays(1));
        using var certificate = request.Create(_root, from, from + (life ?? TimeSpan.FromDays(10)), RandomNumberGenerator.GetBytes(8));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose() => _root.Dispose();
}
