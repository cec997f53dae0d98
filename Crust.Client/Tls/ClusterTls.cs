using System.Net.Security;
using Orleans.Connections.Security;

namespace Crust.Client.Tls;

/// <summary>
/// What Orleans' TLS middleware is told. Both ends show a certificate on every link. Who dials a silo demands the silos' name; the silos' own port demands it
/// of whoever dials, so that a gateway's certificate never makes a silo; the gateway port takes any name that an authority signed for a client.
/// </summary>
internal static class ClusterTls
{
    /// <summary>A link that this process opens, to a silo.</summary>
    internal static TlsOptions ToSilo(ClusterCertificates certificates) => new()
    {
        // "Require" would demand one fixed certificate; the selector always gives one.
        ClientCertificateMode = RemoteCertificateMode.AllowCertificate,
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        LocalClientCertificateSelector = (_, _, _, _, _) => certificates.Own,
        RemoteCertificateValidation = (certificate, _, _) => certificates.Accepts(certificate, CertificateCheck.ServerUse, certificates.SiloName),
        OnAuthenticateAsClient = (_, options) => options.TargetHost = certificates.SiloName,
    };

    /// <summary>A link that another silo opens.</summary>
    internal static TlsOptions FromSilo(ClusterCertificates certificates) => From(certificates, certificates.SiloName);

    /// <summary>A link that a gateway or a service opens.</summary>
    internal static TlsOptions FromClient(ClusterCertificates certificates) => From(certificates, null);

    private static TlsOptions From(ClusterCertificates certificates, string? name) => new()
    {
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        LocalServerCertificateSelector = (_, _) => certificates.Own,
        RemoteCertificateValidation = (certificate, _, _) => certificates.Accepts(certificate, CertificateCheck.ClientUse, name),
        // A resumed session would show no certificate, and one that was taken back would live on.
        OnAuthenticateAsServer = (_, options) => ((SslServerAuthenticationOptions)options.SslServerAuthenticationOptions).AllowTlsResume = false,
    };
}
