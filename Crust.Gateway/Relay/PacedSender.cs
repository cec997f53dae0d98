using Crust.Identity;

namespace Crust.Gateway.Relay;

/// <summary>One sender on a circuit whose credit waits for its turn. Belongs to the <see cref="RelayPacer"/>.</summary>
internal sealed class PacedSender(PeerId peer, RelayLeg? leg = null)
{
    internal PeerId Peer => peer;

    /// <summary>Who gets the credit.</summary>
    internal RelayLeg? Leg => leg;

    /// <summary>How far it may go, as far as receiver and memory are concerned.</summary>
    internal long Wanted { get; set; }

    /// <summary>How far it was let go.</summary>
    internal long Given { get; set; }

    internal bool IsWaiting { get; set; }
}
