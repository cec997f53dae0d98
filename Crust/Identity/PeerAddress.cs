using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Crust.Identity;

/// <summary>
/// Where a peer can be reached, and who must answer there: <c>tcp://203.0.113.7:41234/PEERID</c>, <c>utp://[2001:db8::1]:41234/PEERID</c>.
/// Addresses are numeric; names are resolved before they come here.
/// </summary>
/// <param name="Transport">The transport that listens there.</param>
/// <param name="EndPoint">IP address and port (1 to 65535).</param>
/// <param name="Peer">The peer that must prove itself there.</param>
public sealed record PeerAddress(TransportKind Transport, IPEndPoint EndPoint, PeerId Peer) : IParsable<PeerAddress>
{
    private const int MaxTextLength = 160;

    /// <summary>
    /// True where the address is a port that the peer's router maps, by the peer's own word in its <see cref="PeerRecord"/>: a connection over it says so. The text form does not tell it.
    /// </summary>
    public bool IsMapped { get; init; }

    /// <summary>Parses the URI form.</summary>
    /// <exception cref="FormatException">The text is not an address; the message says which part.</exception>
    public static PeerAddress Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var address) ? address : throw new FormatException($"'{s}' is not a peer address: tcp://IP:PORT/PEERID or utp://IP:PORT/PEERID.");

    /// <inheritdoc cref="TryParse(string?, IFormatProvider?, out PeerAddress)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, [NotNullWhen(true)] out PeerAddress? result) => TryParse(s, null, out result);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out PeerAddress result)
    {
        result = null;
        if (s is null || s.Length > MaxTextLength)
            return false;
        TransportKind transport;
        if (s.StartsWith("tcp://", StringComparison.Ordinal))
            transport = TransportKind.Tcp;
        else if (s.StartsWith("utp://", StringComparison.Ordinal))
            transport = TransportKind.Utp;
        else
            return false;
        var rest = s.AsSpan(6);
        var slash = rest.IndexOf('/');
        if (slash < 0 || !PeerId.TryParse(rest[(slash + 1)..], null, out var peer))
            return false;
        var host = rest[..slash];
        var colon = host.LastIndexOf(':');
        // Without this check "1.2.3.4" alone would be an end point with port 0, and "::1" one without brackets.
        if (colon <= 0 || (host[0] == '[') != (host[colon - 1] == ']')
            || !IPEndPoint.TryParse(host, out var endPoint) || endPoint.Port == 0
            || !host[(colon + 1)..].SequenceEqual(endPoint.Port.ToString(CultureInfo.InvariantCulture)))
            return false;
        result = new PeerAddress(transport, endPoint, peer);
        return true;
    }

    /// <summary>The URI form.</summary>
    public override string ToString() => $"{(Transport == TransportKind.Tcp ? "tcp" : "utp")}://{EndPoint}/{Peer}";
}
