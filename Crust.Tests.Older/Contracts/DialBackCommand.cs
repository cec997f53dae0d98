using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>
/// Dial a peer for another gateway, to which it is attached: the peer has sent that one something, and wants to know whether others get through as well. The answer is a
/// <see cref="DialBackResultCommand"/>.
/// </summary>
/// <param name="Target">Who must be there.</param>
/// <param name="Addresses">Where, as <see cref="PeerAddress"/> texts: at most 3, on the one IP that the other gateway sees the peer come from.</param>
/// <param name="AttemptId">16 bytes, which the answer repeats.</param>
/// <param name="ReplyTo">The other gateway.</param>
[GenerateSerializer, Alias("crust.DialBackCommand"), Immutable]
public sealed record DialBackCommand(
    [property: Id(0)] PeerId Target, [property: Id(1)] string[] Addresses, [property: Id(2)] byte[] AttemptId, [property: Id(3)] PeerId ReplyTo) : GatewayCommand
{
    /// <summary>Bytes of an attempt id.</summary>
    public const int AttemptIdLength = 16;

    /// <summary>Most addresses.</summary>
    public const int MaxAddresses = 3;

    /// <summary>Longest text of an address.</summary>
    public const int MaxAddressLength = 160;
}
