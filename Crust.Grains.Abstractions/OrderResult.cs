namespace Crust.Grains.Abstractions;


/// <summary>What became of an operator's order.</summary>
[GenerateSerializer, Alias("crust.OrderResult")]
public enum OrderResult
{
    /// <summary>It counts, and storage has it.</summary>
    Accepted = 0,

    /// <summary>It is the operator's newest order already: nothing changed.</summary>
    Unchanged = 1,

    /// <summary>The operator's fault, or a replay: an order with this or a higher number was taken before.</summary>
    Stale = 2,

    /// <summary>Whoever signed it is no operator of the network as this cluster is configured; without any, every order is refused.</summary>
    NotAnOperator = 3,

    /// <summary>The sender's fault: no order, a bad signature, another network's, or a number more than a day ahead.</summary>
    Invalid = 4,

    /// <summary>It was signed more than ten minutes from now, by this cluster's clock.</summary>
    Untimely = 5,

    /// <summary>There are as many orders in force as are kept: take some back first.</summary>
    Full = 6,

    /// <summary>The cluster's fault: storage did not confirm the write; nothing is acknowledged. Send it again.</summary>
    StorageUnavailable = 7,
}
