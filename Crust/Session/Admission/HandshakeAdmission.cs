using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Session.Admission;

/// <summary>
/// Decides, before any Diffie-Hellman, whether an address may start a handshake: a token bucket per /24 (IPv4) or /56 (IPv6); and tells
/// when one under way must make room, since their number is bounded. A valid first message costs about 0.3 ms, so the defaults leave most of a core to honest peers. Pure.
/// </summary>
internal sealed class HandshakeAdmission(AdmissionLimits limits)
{
    private readonly Dictionary<IPAddress, TokenBucket> _buckets = [];

    /// <summary>Handshakes admitted and not yet ended.</summary>
    internal int UnderWay { get; private set; }

    /// <summary>True when there is one more under way than there may be: the caller ends one.</summary>
    internal bool IsOverfull => UnderWay > limits.MaxUnderWay;

    /// <summary>Handshakes refused so far.</summary>
    internal long Refused { get; private set; }

    /// <summary>Admits a handshake from the address; each success is paired with one <see cref="End"/>.</summary>
    internal bool TryBegin(IPAddress remote, Instant now)
    {
        if (!Bucket(Prefix(remote), now, out var bucket) || !bucket.TryTake(now))
        {
            Refused++;
            return false;
        }

        UnderWay++;
        return true;
    }

    internal void End() => UnderWay--;

    /// <summary>The /24 or /56 an address belongs to: the smallest block that one customer is usually given.</summary>
    internal static IPAddress Prefix(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(address.AddressFamily == AddressFamily.InterNetwork ? 3 : 7).Clear();
        return new IPAddress(bytes);
    }

    private bool Bucket(IPAddress prefix, Instant now, out TokenBucket bucket)
    {
        if (_buckets.TryGetValue(prefix, out bucket!))
            return true;
        if (_buckets.Count >= limits.MaxPrefixes)
        {
            foreach (var (idle, _) in _buckets.Where(b => b.Value.IsFull(now)).ToList())
                _buckets.Remove(idle);
            if (_buckets.Count >= limits.MaxPrefixes)
                return false;
        }

        _buckets[prefix] = bucket = new TokenBucket(limits.PerSecond, limits.Burst);
        return true;
    }
}
