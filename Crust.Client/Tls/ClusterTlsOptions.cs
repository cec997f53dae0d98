namespace Crust.Client.Tls;

/// <summary>
/// Mutual TLS on the links between silos, gateways and services. The three PEM files are read again when they change, so that certificates are renewed
/// without a restart.
/// </summary>
public sealed record ClusterTlsOptions
{
    /// <summary>The default of <see cref="SiloName"/>.</summary>
    public const string DefaultSiloName = "silo.crust.internal";

    /// <summary>The own certificate. Its extended key usage names server authentication (silos) and client authentication (everyone: silos dial each other).</summary>
    public required string CertificateFile { get; init; }

    /// <summary>The own certificate's private key, unencrypted.</summary>
    public required string KeyFile { get; init; }

    /// <summary>The certificates of the authorities that are trusted, and of intermediate ones. Nothing else is: not the system's store.</summary>
    public required string AuthorityFile { get; init; }

    /// <summary>
    /// The DNS name in every silo's certificate, and in no other's: whoever has it may be a silo. Default <see cref="DefaultSiloName"/>. Where a silo
    /// listens does not matter, addresses move.
    /// </summary>
    public string SiloName { get; init; } = DefaultSiloName;
}
