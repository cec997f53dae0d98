using System.Net;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;

namespace Crust.Gateway.Server;

/// <summary>
/// How many dial-backs a gateway makes: for one peer, towards one network (a /24 or /56), and at a time. Ours: a peer has some five addresses to prove when it comes, and again each five minutes.
/// Loopback is not counted as a network. Thread safe.
/// </summary>
internal sealed class DialBackAllowance
{
    /// <summary>Requests under way at a time, three dials each. Ours: a handshake costs a third of a millisecond, and a silent address 3 s.</summary>
    internal const int MaxUnderWay = 64;

    /// <summary>Peers, and networks, of which anything is remembered.</summary>
    private const int Capacity = 65_536;

    private readonly Lock _lock = new();
    private readonly BucketTable<PeerId> _peers = new(perSecond: 0.1, burst: 8, Capacity);
    private readonly BucketTable<AddressPrefix> _prefixes = new(perSecond: 2, burst: 32, Capacity);
    private int _underWay;

    /// <summary>True when one more may begin; paired with <see cref="End"/> then.</summary>
    /// <param name="peer">For whom; null: another gateway counts it.</param>
    /// <param name="target">The IP to dial.</param>
    /// <param name="now">Now.</param>
    internal bool TryBegin(PeerId? peer, IPAddress target, Instant now)
    {
        var prefix = AddressPrefix.Of(target);
        lock (_lock)
        {
            if (_underWay == MaxUnderWay || (peer is { } known && !_peers.TryTake(known, now)) || (!prefix.IsLoopback && !_prefixes.TryTake(prefix, now)))
                return false;
            _underWay++;
            return true;
        }
    }

    internal void End()
    {
        lock (_lock)
            _underWay--;
    }
}
