namespace Crust;

/// <summary>What part a node takes in its network.</summary>
public enum NodeRole
{
    /// <summary>It may be told to others as one to begin with, if it can be reached; for programs that stay.</summary>
    Node,

    /// <summary>It uses the network and is not part of its memory: it is told to nobody, has no ports mapped and asks for no dial-backs. It connects and is connected to as any.</summary>
    Client,
}
