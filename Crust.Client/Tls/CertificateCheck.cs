using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Crust.Client.Tls;

/// <summary>
/// Judges a certificate of the other end: signed by a configured authority, valid now, made for this use, and, where a silo is expected, with the silos'
/// name. RFC 5280 §6 (path), §4.2.1.12 (extended key usage, which must be there), RFC 6125 §6.4 (DNS name, no wildcard).
/// </summary>
internal static class CertificateCheck
{
    /// <summary>id-kp-serverAuth.</summary>
    internal const string ServerUse = "1.3.6.1.5.5.7.3.1";

    /// <summary>id-kp-clientAuth.</summary>
    internal const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Why it is refused; null when it is accepted.</summary>
    /// <param name="certificate">The other end's.</param>
    /// <param name="authorities">Roots, and intermediates that complete a path.</param>
    /// <param name="use"><see cref="ServerUse"/> of one that was dialled, <see cref="ClientUse"/> of one that dialled.</param>
    /// <param name="name">The DNS name it must have; null for any.</param>
    internal static string? Refuse(X509Certificate2 certificate, X509Certificate2Collection authorities, string use, string? name)
    {
        if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } usage || !usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == use))
            return "it is not made for this use";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
        foreach (var authority in authorities)
        {
            if (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
                chain.ChainPolicy.CustomTrustStore.Add(authority);
            else
                chain.ChainPolicy.ExtraStore.Add(authority);
        }

        if (!chain.Build(certificate))
            return $"its chain is not good: {string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())}";
        return name is null || certificate.MatchesHostname(name, allowWildcards: false, allowCommonName: false) ? null : $"its name is not {name}";
    }
}
