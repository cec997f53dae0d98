using Crust.Primitives;

namespace Crust.Nat.PortMapping;

/// <summary>
/// The router's count of seconds since it last lost its mappings, and whether it runs as it should. Both protocols have one; their rules differ in how
/// much the clocks may drift. Pure; one thread at a time.
/// </summary>
internal sealed class RouterEpoch
{
    private uint _server;
    private Instant? _heard;

    /// <summary>Takes the epoch of a NAT-PMP answer. True when the router has forgotten its mappings (RFC 6886 §3.6): more than 2 s below 7/8 of what was due.</summary>
    internal bool HandleNatPmp(uint epoch, Instant now)
    {
        var isReset = _heard is { } heard && epoch < _server + (now - heard).TotalSeconds * 7 / 8 - 2;
        (_server, _heard) = (epoch, now);
        return isReset;
    }

    /// <summary>Takes the epoch of a PCP answer. True when it does not fit the last one (RFC 6887 §8.5): back by more than 1 s, or 1/16 and 2 s off in either direction.</summary>
    internal bool HandlePcp(uint epoch, Instant now)
    {
        var isReset = false;
        if (_heard is { } heard)
        {
            var client = Math.Floor((now - heard).TotalSeconds);
            var server = (double)epoch - _server;
            isReset = epoch + 1d < _server || (server >= 0 && (client + 2 < server - server / 16 || server + 2 < client - client / 16));
        }

        (_server, _heard) = (epoch, now);
        return isReset;
    }
}
