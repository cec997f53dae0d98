using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// Mutual TLS 1.3 by SslStream: ECDSA P-256 on both sides, no resumption, no revocation check, the other side known by its certificate's hash.
/// The chain, which would be one self-signed certificate, is checked by nothing but that: the rival shall not pay for what it does not need.
/// </summary>
internal sealed class TlsRival : IDisposable
{
    private readonly X509Certificate2 _serverCertificate = Certificate("CN=server");
    private readonly X509Certificate2 _clientCertificate = Certificate("CN=client");
    private readonly SslStreamCertificateContext _server;
    private readonly SslStreamCertificateContext _client;

    internal TlsRival()
    {
        _server = SslStreamCertificateContext.Create(_serverCertificate, null, offline: true);
        _client = SslStreamCertificateContext.Create(_clientCertificate, null, offline: true);
    }

    /// <param name="pinned">SHA-256 of the certificate that the other side must show; null takes any.</param>
    internal SslServerAuthenticationOptions ServerOptions(byte[]? pinned) => new()
    {
        ServerCertificateContext = _server,
        ClientCertificateRequired = true,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => IsPinned(certificate, pinned),
    };

    /// <inheritdoc cref="ServerOptions"/>
    internal SslClientAuthenticationOptions ClientOptions(byte[]? pinned) => new()
    {
        TargetHost = "server",
        ClientCertificateContext = _client,
        EnabledSslProtocols = SslProtocols.Tls13,
        AllowTlsResume = false,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => IsPinned(certificate, pinned),
    };

    internal byte[] ServerHash => _serverCertificate.GetCertHash(HashAlgorithmName.SHA256);

    internal byte[] ClientHash => _clientCertificate.GetCertHash(HashAlgorithmName.SHA256);

    /// <inheritdoc/>
    public void Dispose()
    {
        _serverCertificate.Dispose();
        _clientCertificate.Dispose();
    }

    private static bool IsPinned(X509Certificate? certificate, byte[]? hash) =>
        certificate is not null && (hash is null || certificate.GetCertHash(HashAlgorithmName.SHA256).AsSpan().SequenceEqual(hash));

    private static X509ChainPolicy ChainPolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        RevocationMode = X509RevocationMode.NoCheck,
        VerificationFlags = X509VerificationFlags.AllFlags,
        DisableCertificateDownloads = true,
    };

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
