namespace Crust;

/// <summary>Whether others can dial an address of this node.</summary>
public enum ReachabilityState
{
    /// <summary>Nobody has tried yet, or no gateway could be asked.</summary>
    Unknown,

    /// <summary>A gateway that the node had not sent anything to dialled it, and found this node there.</summary>
    Proven,

    /// <summary>The node's own gateway dialled it. A router that lets in only whom the node has sent to could still keep others out.</summary>
    UnprovenFiltering,

    /// <summary>The dial failed; <see cref="AddressReachability.Reason"/> tells how.</summary>
    Failed,
}
