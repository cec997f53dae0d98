namespace Crust;

/// <summary>Which paths a node's connections may take.</summary>
public enum PathPolicy
{
    /// <summary>Whatever connects: over a gateway at first, if that is faster, and directly as soon as that works.</summary>
    Any,

    /// <summary>
    /// Only packets that go to the peer itself: no gateway ever carries a message. What both sides must say to find a direct path, and nothing else, may go over one, encrypted; without such a path,
    /// <see cref="ConnectFailure.NoDirectPath"/>.
    /// </summary>
    DirectOnly,

    /// <summary>Only over gateways: the node dials no peer and publishes no address, so that peers do not learn where it is.</summary>
    RelayOnly,
}
