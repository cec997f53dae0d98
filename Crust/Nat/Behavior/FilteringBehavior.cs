namespace Crust.Nat.Behavior;

/// <summary>Whose packets a NAT or firewall lets in to an external address and port that has been used outwards (RFC 4787 §5).</summary>
public enum FilteringBehavior
{
    /// <summary>Not found out: it takes a server with two addresses, and none answered.</summary>
    Unknown = 0,

    /// <summary>Nothing filters: there is no translation, and packets of strangers come in.</summary>
    None,

    /// <summary>Everybody's: a NAT that, once a mapping stands, lets all in (<em>full cone</em>).</summary>
    EndpointIndependent,

    /// <summary>Those from addresses that were sent to, from any port (<em>restricted cone</em>).</summary>
    AddressDependent,

    /// <summary>Those from addresses and ports that were sent to (<em>port-restricted cone</em>, a stateful firewall).</summary>
    AddressAndPortDependent,

    /// <summary>Nobody's: no server answered by this protocol.</summary>
    Blocked,
}
