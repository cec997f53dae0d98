namespace Crust.Identity;

/// <summary>Bits of <see cref="PeerRecord.Capabilities"/>, besides those that tell of the peer's NATs (bits 8 to 23).</summary>
internal static class PeerCapabilities
{
    /// <summary>The peer may be told to others as one to begin with, once a dial-back proved that it can be reached. Without the bit no cache takes it.</summary>
    internal const uint AcceptsBootstrap = 1;
}
