using Crust.Identity;

namespace Crust.Gateway.Files.Driver;

/// <summary>What happens at a receiver, for whoever tells its user. Called from any thread; returns soon.</summary>
internal interface IReceiveEvents
{
    /// <summary>A transfer begins, or goes on with what is there.</summary>
    void Began(IncomingTransfer transfer);

    /// <summary>Everything is in place, and the sender is being told.</summary>
    void Done(IncomingTransfer transfer, Receipt receipt);

    /// <summary>An offer was not taken.</summary>
    void Refused(PeerId sender, RefusedException why);

    /// <summary>A transfer that was under way ended; what arrived is kept.</summary>
    void Failed(IncomingTransfer transfer, RefusedException why);

    /// <summary>The sender is gone, or gave up; what arrived is kept.</summary>
    void Suspended(IncomingTransfer transfer, string why);

    /// <summary>The sender has the receipt.</summary>
    void Thanked(IncomingTransfer transfer);

    /// <summary>Everything is in place, and the sender went without a word about the receipt.</summary>
    void LeftUnthanked(IncomingTransfer transfer);
}
