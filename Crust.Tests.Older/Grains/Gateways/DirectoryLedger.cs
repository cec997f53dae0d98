using Crust.Tests.Older.Contracts;
using Crust.Identity;

namespace Crust.Tests.Older.Grains.Gateways;

/// <summary>The live gateways and the zones of a network. Pure; one thread at a time.</summary>
internal sealed class DirectoryLedger(DateTimeOffset started)
{
    private readonly SortedDictionary<PeerId, GatewayEntry> _gateways = [];
    private readonly ZoneStatus[] _zones = new ZoneStatus[GrainKeys.ZoneCount];

    /// <summary>Changes with every change but the times last heard. It begins with the clock, so that a new life does not repeat the numbers of the last.</summary>
    internal ulong Version { get; private set; } = (ulong)started.ToUnixTimeMilliseconds() << 10;

    /// <summary>A gateway was heard of. An older process of it is not listened to.</summary>
    internal void Hear(PeerId gateway, GatewayHeartbeat heartbeat, DateTimeOffset now)
    {
        Expire(now);
        _gateways.TryGetValue(gateway, out var known);
        if (known is not null && heartbeat.Epoch < known.Heartbeat.Epoch)
            return;
        var since = known is null || known.Heartbeat.Epoch != heartbeat.Epoch ? now : known.Since;
        _gateways[gateway] = new GatewayEntry(gateway, heartbeat, now, since);
        if (!heartbeat.SameAs(known?.Heartbeat))
            Version++;
    }

    /// <summary>Drops gateways that were silent for 10 s.</summary>
    internal void Expire(DateTimeOffset now)
    {
        foreach (var entry in _gateways.Values.Where(entry => now - entry.LastHeard >= Timing.GatewaySilence).ToArray())
        {
            _gateways.Remove(entry.Gateway);
            Version++;
        }
    }

    /// <summary>A zone told of itself.</summary>
    internal void SetZone(int zone, ZoneStatus status)
    {
        if (_zones[zone] == status)
            return;
        _zones[zone] = status;
        Version++;
    }

    /// <summary>The live gateways' processes, for the zones.</summary>
    internal GatewayLife[] Lives() => [.. _gateways.Values.Select(entry => new GatewayLife(entry.Gateway, entry.Heartbeat.Epoch))];

    /// <summary>True when it has listened for as long as a gateway may be silent: who is not listed then is gone.</summary>
    internal bool IsComplete(DateTimeOffset now) => now - started >= Timing.GatewaySilence;

    internal GatewayDirectorySnapshot Snapshot() =>
        new(Version, [.. _gateways.Values], Array.ConvertAll(_zones, zone => zone.Epoch), _zones.Sum(zone => zone.AttachedPeers));
}
