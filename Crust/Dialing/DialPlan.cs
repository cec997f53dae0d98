using System.Net;
using System.Net.Sockets;
using Crust.Identity;

namespace Crust.Dialing;

/// <summary>
/// The order in which candidate addresses of one transport are tried (RFC 8305 §4): families interleaved, IPv6 first. When each starts is
/// <see cref="DialRace"/>'s. Pure.
/// </summary>
internal static class DialPlan
{
    /// <summary>Time between two starts: the recommended Connection Attempt Delay of RFC 8305 §5.</summary>
    internal static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Orders the addresses that may be dialled, without repeats; loopback first, since it can only be meant when it is allowed.</summary>
    internal static IReadOnlyList<PeerAddress> Order(IEnumerable<PeerAddress> addresses, bool loopbackAllowed)
    {
        var usable = addresses.Where(a => AddressPolicy.MayDial(a.EndPoint.Address, loopbackAllowed)).Distinct().ToList();
        var loopback = usable.Where(a => IPAddress.IsLoopback(a.EndPoint.Address)).ToList();
        var version6 = new Queue<PeerAddress>(usable.Where(a => a.EndPoint.AddressFamily == AddressFamily.InterNetworkV6).Except(loopback));
        var version4 = new Queue<PeerAddress>(usable.Where(a => a.EndPoint.AddressFamily == AddressFamily.InterNetwork).Except(loopback));
        var ordered = loopback;
        while (version6.Count + version4.Count > 0)
        {
            if (version6.TryDequeue(out var six))
                ordered.Add(six);
            if (version4.TryDequeue(out var four))
                ordered.Add(four);
        }

        return ordered;
    }
}
