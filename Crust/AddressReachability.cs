using Crust.Identity;

namespace Crust;

/// <summary>What is known of one address of this node.</summary>
/// <param name="Address">The address; <see cref="PeerAddress.IsMapped"/> where the router maps it.</param>
/// <param name="State">Whether others can dial it.</param>
/// <param name="Reason">How that is known, or what failed; one line for people.</param>
/// <param name="Tested">When it was tried last; null: never.</param>
public sealed record AddressReachability(PeerAddress Address, ReachabilityState State, string Reason, DateTimeOffset? Tested);
