using Crust.Identity;

namespace Crust.Session.Driver;

/// <summary>
/// How two peers talk while they look for a direct path: a session that goes over a gateway, or a control circuit before there is a session. Both ends are proven, and what is
/// said is encrypted between them. Thread safe.
/// </summary>
internal interface ISignalling
{
    /// <summary>The peer at the other end.</summary>
    PeerId Remote { get; }

    /// <summary>32 secret bytes that both ends share, for connectivity checks; empty where there are none.</summary>
    byte[] CheckSecret { get; }

    /// <summary>What a round trip takes here; null when that is not known yet.</summary>
    TimeSpan? RoundTrip { get; }

    /// <summary>The session with the gateway that passes it on; null when none does.</summary>
    SessionDriver? Hop { get; }

    /// <summary>True as long as a direct path would be a gain.</summary>
    bool WantsDirect { get; }

    /// <summary>Longest pause between attempts; infinite where there is no hurry.</summary>
    TimeSpan LongestPause { get; }

    /// <summary>Queues a message; false when it cannot be said any more.</summary>
    bool TrySignal(string protocol, ReadOnlySpan<byte> message);
}
