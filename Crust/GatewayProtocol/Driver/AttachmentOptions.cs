using Crust.Identity;

namespace Crust.GatewayProtocol.Driver;

/// <summary>What keeping an attachment needs to know.</summary>
/// <param name="Identity">Signs attachments and records.</param>
/// <param name="Network">The network of both.</param>
/// <param name="Contacts">Gateways to begin with.</param>
/// <param name="Epoch">Start of this process, Unix milliseconds.</param>
/// <param name="MayContact">Whether a gateway that another one named may be dialled.</param>
internal sealed record AttachmentOptions(
    PeerIdentity Identity, NetworkId Network, IReadOnlyList<PeerAddress> Contacts, ulong Epoch, Func<PeerAddress, bool> MayContact)
{
    /// <summary>Gateways that the node remembers, the best first.</summary>
    internal Func<IReadOnlyList<IReadOnlyList<PeerAddress>>>? Remembered { get; init; }
}
