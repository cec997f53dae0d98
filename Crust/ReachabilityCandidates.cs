using System.Net;
using Crust.Identity;
using Crust.Nat.PortMapping;

namespace Crust;

/// <summary>Which addresses of a node are worth a dial-back: what routers map, and where a gateway sees it. Pure.</summary>
internal static class ReachabilityCandidates
{
    /// <summary>The candidates, the best first; only public ones, unless <paramref name="withLoopback"/>.</summary>
    /// <param name="self">The node.</param>
    /// <param name="ports">What it listens with, and where.</param>
    /// <param name="mappings">What routers map.</param>
    /// <param name="observed">Where the gateway sees it.</param>
    /// <param name="listener">The transport of that session, if it leaves from the port that listens: µTP's do, TCP's where the system lets dials share that port.</param>
    /// <param name="seenAt">Where servers see the listening ports, all of them at the same.</param>
    /// <param name="withLoopback">Loopback will do: everything runs on one host.</param>
    internal static IReadOnlyList<PeerAddress> Of(
        PeerId self, IReadOnlyList<(TransportKind Kind, int Port)> ports, IReadOnlyList<MappedPort> mappings, IPEndPoint? observed, TransportKind? listener,
        IReadOnlyList<(TransportKind Kind, IPEndPoint At)> seenAt, bool withLoopback)
    {
        var seen = observed is null ? null : observed.Address.IsIPv4MappedToIPv6 ? observed.Address.MapToIPv4() : observed.Address;
        if (seen is not null && !IsUsable(seen))
            seen = null;
        var candidates = new List<PeerAddress>();
        foreach (var mapping in mappings)
        {
            var kind = mapping.Port.Protocol == MappedProtocol.Tcp ? TransportKind.Tcp : TransportKind.Utp;
            // A pinhole changes no address.
            var isTranslated = mapping.External.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
            if (isTranslated && mapping.Scope == AddressScope.Public)
                candidates.Add(At(kind, mapping.External.Address, mapping.External.Port, isMapped: true));
            // A router may be wrong about its own address, or sit behind one that passes everything on: where the gateway sees us decides.
            if (isTranslated && seen is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetwork } && !seen.Equals(mapping.External.Address))
                candidates.Add(At(kind, seen, mapping.External.Port, isMapped: true));
        }

        candidates.AddRange(seenAt.Where(s => IsUsable(s.At.Address)).Select(s => At(s.Kind, s.At.Address, s.At.Port)));
        if (seen is null)
            return candidates;
        // Without a NAT that rewrites ports, the listener is where the gateway sees us.
        candidates.AddRange(ports.Select(p => At(p.Kind, seen, p.Port)));
        // Behind a full cone, others get in where the gateway sees the listening port come out.
        if (listener is { } transport)
            candidates.Add(At(transport, seen, observed!.Port));
        return candidates;

        bool IsUsable(IPAddress address) => AddressScopes.Of(address) switch { AddressScope.Public => true, AddressScope.Loopback => withLoopback, _ => false };

        PeerAddress At(TransportKind kind, IPAddress address, int port, bool isMapped = false) => new(kind, new IPEndPoint(address, port), self) { IsMapped = isMapped };
    }
}
