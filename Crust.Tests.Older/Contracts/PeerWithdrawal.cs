using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>One peer that left its gateway.</summary>
/// <param name="Peer">Who left.</param>
/// <param name="Epoch">The epoch of the attachment that ended.</param>
[GenerateSerializer, Alias("crust.PeerWithdrawal"), Immutable]
public sealed record PeerWithdrawal([property: Id(0)] PeerId Peer, [property: Id(1)] ulong Epoch);
