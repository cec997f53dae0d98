using System.Net;
using Crust.Nat.PortMapping;

namespace Crust.Gateway.Server;

/// <summary>
/// What a gateway dials for peers that want to know whether they can be reached: the IP that it sees the peer come from and nothing else, so that it is no port scanner, and even that only
/// where it is nobody's inside. Pure.
/// </summary>
/// <param name="never">Networks of the operator's: the cluster's, for a gateway that sits among them.</param>
/// <param name="own">Addresses of this host and those that are advertised for it.</param>
/// <param name="onLoopback">True where everything runs on one host: loopback may be dialled, and is what tests live on.</param>
internal sealed class DialBackPolicy(IReadOnlyCollection<IPNetwork> never, Func<IEnumerable<IPAddress>> own, bool onLoopback)
{
    /// <summary>Whether the address may be dialled for the peer that is seen to come from <paramref name="observed"/>; null: it does not come straight to us.</summary>
    internal bool MayDial(IPAddress address, IPAddress? observed) => observed is not null && Plain(address).Equals(Plain(observed)) && MayDial(address);

    /// <summary>Whether the address may be dialled at all. This is also asked where another gateway vouches that it sees the peer there.</summary>
    internal bool MayDial(IPAddress address)
    {
        var plain = Plain(address);
        return AddressScopes.Of(plain) switch
        {
            AddressScope.Loopback => onLoopback,
            AddressScope.Public => !never.Any(n => n.BaseAddress.AddressFamily == plain.AddressFamily && n.Contains(plain)) && !own().Any(a => Plain(a).Equals(plain)),
            _ => false,
        };
    }

    /// <summary>An IPv4 address in its own form.</summary>
    internal static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
