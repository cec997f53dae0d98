namespace Crust.Nat.Behavior;

/// <summary>Which external address and port a NAT gives to packets of one internal address and port (RFC 4787 §4.1).</summary>
public enum MappingBehavior
{
    /// <summary>Not found out: too few servers answered.</summary>
    Unknown = 0,

    /// <summary>There is no translation: the address outside is this host's own.</summary>
    None,

    /// <summary>The same for every destination: what one server sees, every peer can use.</summary>
    EndpointIndependent,

    /// <summary>The same for every port of one destination address, another for another address.</summary>
    AddressDependent,

    /// <summary>Another for every destination address and port: a <em>symmetric</em> NAT.</summary>
    AddressAndPortDependent,

    /// <summary>No server answered by this protocol, though servers were asked: a firewall drops it.</summary>
    Blocked,
}
