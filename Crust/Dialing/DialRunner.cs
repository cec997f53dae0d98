using Crust.Identity;
using Crust.Primitives;

namespace Crust.Dialing;

/// <summary>One candidate of a <see cref="DialRace"/>. Written by the race alone.</summary>
/// <param name="index">Its place in the list that the race began with.</param>
/// <param name="address">Where it goes.</param>
internal sealed class DialRunner(int index, PeerAddress address)
{
    internal int Index { get; } = index;

    internal PeerAddress Address { get; } = address;

    internal DialState State { get; set; }

    /// <summary>When it was begun, unless it waits.</summary>
    internal Instant Started { get; set; }

    /// <summary>When its link opened, if it did.</summary>
    internal Instant Opened { get; set; }

    /// <summary>Why it failed, in a few words; null unless it did.</summary>
    internal string? Failure { get; set; }
}
