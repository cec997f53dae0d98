namespace Crust.Grains.Abstractions;


/// <summary>How a gateway is, by its own word.</summary>
/// <param name="Epoch">Start of the gateway's process, Unix milliseconds; the same for its whole life.</param>
/// <param name="Addresses">Where peers reach it, as <see cref="Identity.PeerAddress"/> texts; at most 16.</param>
/// <param name="Region">A free word of the operator's, of at most 64 characters; may be empty.</param>
/// <param name="AttachedPeers">Its load.</param>
/// <param name="Draining">True when it takes no new peers.</param>
[GenerateSerializer, Alias("crust.GatewayHeartbeat"), Immutable]
public sealed record GatewayHeartbeat(
    [property: Id(0)] ulong Epoch,
    [property: Id(1)] string[] Addresses,
    [property: Id(2)] string Region,
    [property: Id(3)] int AttachedPeers,
    [property: Id(4)] bool Draining)
{
    /// <summary>Most addresses of a gateway.</summary>
    public const int MaxAddresses = 16;

    /// <summary>Longest region, in UTF-16 code units. Ours: room for every cloud's names.</summary>
    public const int MaxRegionLength = 64;

    /// <summary>True when both say the same. Arrays compare by reference in records, so the generated equality does not.</summary>
    public bool SameAs(GatewayHeartbeat? other) =>
        other is not null && Epoch == other.Epoch && Region == other.Region && AttachedPeers == other.AttachedPeers
        && Draining == other.Draining && Addresses.AsSpan().SequenceEqual(other.Addresses);
}
