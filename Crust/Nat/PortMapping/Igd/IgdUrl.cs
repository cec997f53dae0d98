using System.Net;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>A place on the router that HTTP reaches.</summary>
/// <param name="Server">Address and port.</param>
/// <param name="Path">Path and query, percent-encoded: nothing in it ends a line.</param>
internal readonly record struct IgdUrl(IPEndPoint Server, string Path)
{
    /// <summary>Longest one. Ours.</summary>
    private const int MaxLength = 512;

    /// <summary>Reads an absolute or relative URL; false unless it is plain HTTP to the router's own address, without a name and without a user.</summary>
    /// <param name="text">The URL.</param>
    /// <param name="base">What a relative one is relative to.</param>
    /// <param name="router">The only host that counts.</param>
    /// <param name="url">What it is.</param>
    internal static bool TryParse(string text, IgdUrl? @base, IPAddress router, out IgdUrl url)
    {
        url = default;
        if (text.Length is 0 or > MaxLength)
            return false;
        Uri? uri;
        // On Unix a rooted path is an absolute file URL: relative ones are told by what they lack.
        if (text.Contains("://", StringComparison.Ordinal))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out uri))
                return false;
        }
        else if (@base is not { } from || !Uri.TryCreate(new Uri($"http://{from.Server}{from.Path}"), text, out uri))
        {
            return false;
        }

        if (uri.Scheme != Uri.UriSchemeHttp || uri.UserInfo.Length > 0 || uri.Port is <= 0 or > ushort.MaxValue
            || !IPAddress.TryParse(uri.DnsSafeHost, out var host) || !SameHost(host, router))
            return false;
        url = new IgdUrl(new IPEndPoint(router, uri.Port), uri.PathAndQuery);
        return true;
    }

    /// <summary>A link-local address in a URL has no interface; that is the router's.</summary>
    private static bool SameHost(IPAddress host, IPAddress router) => host.GetAddressBytes().AsSpan().SequenceEqual(router.GetAddressBytes());
}
