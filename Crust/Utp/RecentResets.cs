using Crust.Primitives;

namespace Crust.Utp;

/// <summary>
/// Connections that were just reset. Their remote's last packets are still under way, and each would be answered by one more RESET; libutp that gets a
/// second one before it has cleared the connection away never tells its application the end (seen with utp-native 2.5.3). A small table in which later ones
/// replace earlier ones: whoever fills it gets the second RESET that it could have had anyway.
/// </summary>
internal sealed class RecentResets
{
    /// <summary>Ours: half a second passes until libutp clears away, and a round trip until it stops to send.</summary>
    private const long HoldMicroseconds = 2_000_000;

    /// <summary>Ours: a power of two; resets are rare.</summary>
    private const int Slots = 64;

    private readonly (ConnectionKey Key, long Microseconds)[] _slots = new (ConnectionKey, long)[Slots];

    /// <summary>False when this connection was reset a moment ago.</summary>
    internal bool TryAdd(ConnectionKey key, long nowMicroseconds)
    {
        // By the id alone, which is random: hash codes differ from process to process, and a story of the simulator may not.
        ref var slot = ref _slots[key.ReceiveId & (Slots - 1)];
        if (slot.Microseconds > 0 && slot.Key == key && nowMicroseconds - slot.Microseconds < HoldMicroseconds)
            return false;
        slot = (key, nowMicroseconds);
        return true;
    }
}
