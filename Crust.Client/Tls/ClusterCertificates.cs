using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Client.Tls;

/// <summary>
/// The certificates of <see cref="ClusterTlsOptions"/>, as the files say now: looked at again when a connection opens, at most once a second. While new
/// files are incomplete or do not fit each other, the last good ones stay. Thread-safe.
/// </summary>
internal sealed class ClusterCertificates
{
    /// <summary>Largest file that is read. Ours: a bundle of many authorities.</summary>
    private const int MaxFileLength = 1 << 20;

    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    private readonly ClusterTlsOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _lock = new();
    private Loaded _current;
    private string? _refused;
    private long _looked;

    /// <exception cref="InvalidDataException">A file is missing or unreadable, or they do not fit each other; the message names it.</exception>
    internal ClusterCertificates(ClusterTlsOptions options, TimeProvider timeProvider)
    {
        _options = options;
        _timeProvider = timeProvider;
        _current = Load(Read());
        _looked = timeProvider.GetTimestamp();
    }

    /// <summary>Where refusals and changes are told; set once there is a place.</summary>
    internal ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>The own certificate with its key.</summary>
    internal X509Certificate2 Own => Current().Own;

    /// <summary>The DNS name of silos.</summary>
    internal string SiloName => _options.SiloName;

    /// <summary>True for a certificate that the other end may have; a refusal is logged.</summary>
    /// <param name="certificate">The other end's.</param>
    /// <param name="use">See <see cref="CertificateCheck"/>.</param>
    /// <param name="name">The DNS name it must have; null for any.</param>
    internal bool Accepts(X509Certificate2 certificate, string use, string? name)
    {
        var refusal = CertificateCheck.Refuse(certificate, Current().Authorities, use, name);
        if (refusal is not null)
            Log.CertificateRefused(Logger, certificate.Subject, refusal);
        return refusal is null;
    }

    private Loaded Current()
    {
        lock (_lock)
        {
            if (_timeProvider.GetElapsedTime(_looked) < LookPeriod)
                return _current;
            _looked = _timeProvider.GetTimestamp();
            string text = "";
            try
            {
                var files = Read();
                text = string.Join('\n', files);
                if (text != _current.Text && text != _refused)
                {
                    // What connections hold of the old one stays valid: it is left to the finalizer.
                    _current = Load(files);
                    Log.CertificatesRead(Logger, _current.Own.Subject, _current.Own.NotAfter);
                }
            }
            catch (InvalidDataException e)
            {
                _refused = text;
                Log.CertificatesKept(Logger, e.Message);
            }

            return _current;
        }
    }

    private string[] Read() => [ReadFile(_options.CertificateFile), ReadFile(_options.KeyFile), ReadFile(_options.AuthorityFile)];

    private static string ReadFile(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaxFileLength ? File.ReadAllText(path) : throw new InvalidDataException($"The file {path} is too long for certificates.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"The file {path} cannot be read: {e.Message}", e);
        }
    }

    private Loaded Load(string[] files)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPem(files[0], files[1]);
            // Through PKCS #12: Windows' TLS takes no key that lives in memory alone.
            var own = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPem(files[2]);
            if (authorities.Count == 0)
                throw new InvalidDataException($"The file {_options.AuthorityFile} has no certificate.");
            return new Loaded(own, authorities, string.Join('\n', files));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new InvalidDataException($"The certificate {_options.CertificateFile} with the key {_options.KeyFile} and authorities {_options.AuthorityFile} cannot be used: {e.Message}", e);
        }
    }

    private sealed record Loaded(X509Certificate2 Own, X509Certificate2Collection Authorities, string Text);
}
