namespace Crust.Nat.Behavior;

/// <summary>The spelling of behaviours on the command line and in metrics.</summary>
internal static class NatTokens
{
    internal static string ToToken(this MappingBehavior mapping) => mapping switch
    {
        MappingBehavior.None => "none",
        MappingBehavior.EndpointIndependent => "endpoint-independent",
        MappingBehavior.AddressDependent => "address-dependent",
        MappingBehavior.AddressAndPortDependent => "address-and-port-dependent",
        MappingBehavior.Blocked => "blocked",
        _ => "unknown",
    };

    internal static string ToToken(this FilteringBehavior filtering) => filtering switch
    {
        FilteringBehavior.None => "none",
        FilteringBehavior.EndpointIndependent => "endpoint-independent",
        FilteringBehavior.AddressDependent => "address-dependent",
        FilteringBehavior.AddressAndPortDependent => "address-and-port-dependent",
        FilteringBehavior.Blocked => "blocked",
        _ => "unknown",
    };

    internal static string ToToken(this PortAllocation ports) => ports switch
    {
        PortAllocation.Preserved => "preserved",
        PortAllocation.Sequential => "sequential",
        PortAllocation.Random => "random",
        _ => "unknown",
    };
}
