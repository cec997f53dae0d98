using Crust.Identity;

namespace Crust.Grains.Routing;

/// <summary>The gateways that announced peers of a zone, numbered, so that an attachment names its gateway in four bytes. Numbers of those that are gone are given again. Pure; one thread at a time.</summary>
internal sealed class GatewayTable
{
    private readonly Dictionary<PeerId, int> _numbers = [];
    private readonly SlotPool<GatewaySlot> _slots = new();

    /// <summary>A gateway in its place.</summary>
    internal ref GatewaySlot this[int number] => ref _slots[number];

    /// <summary>The number of a gateway; −1 for one that is not known.</summary>
    internal int Find(PeerId gateway) => _numbers.TryGetValue(gateway, out var number) ? number : -1;

    /// <summary>All of them.</summary>
    internal int[] Numbers() => [.. _numbers.Values];

    /// <summary>Adds one that is not known.</summary>
    internal int Add(PeerId gateway, ulong epoch)
    {
        var number = _slots.Add(new GatewaySlot { Gateway = gateway, Epoch = epoch });
        _numbers.Add(gateway, number);
        return number;
    }

    /// <summary>Removes one at which nobody is attached.</summary>
    internal void Remove(int number)
    {
        _numbers.Remove(_slots[number].Gateway);
        _slots.Remove(number);
    }
}

/// <summary>A gateway that announced peers.</summary>
internal struct GatewaySlot
{
    internal PeerId Gateway;

    /// <summary>Start of its process.</summary>
    internal ulong Epoch;

    internal DateTimeOffset LastHeard;
}
