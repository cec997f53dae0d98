namespace Crust.Transport;

/// <summary>The transports that a node uses.</summary>
[Flags]
public enum Transports
{
    /// <summary>None: nothing can be dialled, and nobody can dial.</summary>
    None = 0,

    /// <summary>TCP, RFC 9293.</summary>
    Tcp = 1,

    /// <summary>µTP over UDP, BEP 29.</summary>
    Utp = 2,

    /// <summary>All there are.</summary>
    All = Tcp | Utp,
}
