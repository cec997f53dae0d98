using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Which candidates of a peer may be sent to. Candidates come from peers, which may be hostile: never loopback (but where we are on loopback ourselves), multicast,
/// broadcast or link-local; private addresses (RFC 1918, RFC 6598, RFC 4193) only when both sides share a public address or a link. Pure.
/// </summary>
internal static class CheckTargets
{
    /// <summary>Hosts whose IPv4 addresses agree in so many bits are taken to share a link. Ours: the common home network.</summary>
    private const int LinkBits = 24;

    /// <summary>The same of IPv6 (RFC 4291 §2.5.4).</summary>
    private const int LinkBitsIPv6 = 64;

    private static readonly Bits128 Loopback = new(0, 1);

    /// <summary>Ports below are those of services; no peer listens there, unless an operator says so to its gateway.</summary>
    private const int FirstPort = 1;

    /// <summary>Whether to send to this candidate.</summary>
    internal static bool MayCheck(TransportAddress target, PunchDescription local, PunchDescription remote, bool loopbackAllowed)
    {
        if (target.Port < FirstPort)
            return false;
        return ScopeOf(target) switch
        {
            AddressScope.Public => true,
            AddressScope.Loopback => loopbackAllowed,
            AddressScope.Private => SharePublicAddress(local, remote) || SharesLink(target, local),
            _ => false,
        };
    }

    /// <summary>What part of the world an address means something in.</summary>
    internal static AddressScope ScopeOf(TransportAddress address) => address.IsIPv4 ? ScopeOf(address.IPv4) : ScopeOfIPv6(address.Address);

    private static AddressScope ScopeOf(uint address) => (address >> 24, address >> 16) switch
    {
        (127, _) => AddressScope.Loopback,
        (0 or >= 224, _) or (_, 0xA9FE) => AddressScope.None,
        (10, _) or (_, 0xC0A8) or (_, >= 0xAC10 and <= 0xAC1F) or (_, >= 0x6440 and <= 0x647F) => AddressScope.Private,
        _ => AddressScope.Public,
    };

    private static AddressScope ScopeOfIPv6(Bits128 address) => (ushort)(address.High >> 48) switch
    {
        0 when address == Loopback => AddressScope.Loopback,
        // Unspecified, IPv4-compatible, discard and the like.
        0 or >= 0xFE80 => AddressScope.None,
        >= 0xFC00 and < 0xFE00 => AddressScope.Private,
        _ => AddressScope.Public,
    };

    /// <summary>Behind one NAT, or one carrier's.</summary>
    internal static bool SharePublicAddress(PunchDescription local, PunchDescription remote)
    {
        foreach (var own in local.Candidates)
        {
            foreach (var other in remote.Candidates)
            {
                if (IsReflexive(own.Kind) && IsReflexive(other.Kind) && own.Address.Address == other.Address.Address)
                    return true;
            }
        }

        return false;
    }

    private static bool IsReflexive(CandidateKind kind) => kind is CandidateKind.ServerReflexive or CandidateKind.Predicted;

    private static bool SharesLink(TransportAddress target, PunchDescription local)
    {
        var length = target.IsIPv4 ? 96 + LinkBits : LinkBitsIPv6;
        foreach (var own in local.Candidates)
        {
            if (own.Kind == CandidateKind.Host && own.Address.IsIPv4 == target.IsIPv4 && own.Address.Address.Prefix(length) == target.Address.Prefix(length))
                return true;
        }

        return false;
    }
}
