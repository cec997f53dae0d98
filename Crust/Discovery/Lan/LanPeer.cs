using System.Net;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Discovery.Lan;

/// <summary>A peer that announced itself: its ports, and the addresses that its announcements came from.</summary>
internal sealed class LanPeer
{
    private readonly List<IPAddress> _sources = [];
    private IReadOnlyList<LanPort> _ports = [];

    /// <summary>Of the newest announcement.</summary>
    internal ulong Sequence { get; private set; }

    /// <summary>When it came.</summary>
    internal Instant Seen { get; private set; }

    internal bool IsAlive(Instant now) => now - Seen < LanLimits.Lifetime;

    internal bool IsAt(IPAddress source) => _sources.Contains(source);

    /// <summary>Takes an announcement that is verified and not older than the last.</summary>
    /// <returns>True when its address or its ports are new.</returns>
    internal bool Note(in LanAnnouncement announcement, IPAddress source, Instant now)
    {
        var isNew = !_sources.Contains(source) || !_ports.SequenceEqual(announcement.Ports);
        // A newer announcement counts alone: the peer may have moved.
        if (announcement.Sequence > Sequence)
        {
            _sources.Clear();
            _ports = announcement.Ports;
        }

        (Sequence, Seen) = (announcement.Sequence, now);
        if (!_sources.Contains(source) && _sources.Count < LanLimits.MaxSourcesOfPeer)
            _sources.Add(source);
        return isNew;
    }

    /// <summary>Every address with every port. Link-local addresses come last: they mean nothing to another process of this host that is told of them.</summary>
    internal IReadOnlyList<PeerAddress> Addresses(PeerId peer) =>
    [
        .. from source in _sources.OrderBy(s => s.IsIPv6LinkLocal)
           from port in _ports
           where port.Transport is TransportKind.Tcp or TransportKind.Utp
           select new PeerAddress(port.Transport, new IPEndPoint(source, port.Port), peer),
    ];
}
