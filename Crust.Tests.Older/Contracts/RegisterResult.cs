namespace Crust.Tests.Older.Contracts;


/// <summary>What became of an offered record.</summary>
[GenerateSerializer, Alias("crust.RegisterResult")]
public enum RegisterResult
{
    /// <summary>It is the newest, and storage has it.</summary>
    Accepted = 0,

    /// <summary>Storage had exactly this record already.</summary>
    Unchanged = 1,

    /// <summary>The peer's fault: a newer sequence number, or another record with the same one, is stored.</summary>
    Stale = 2,

    /// <summary>The peer's fault: a bad signature, another peer's or network's record, expired, or too far ahead.</summary>
    Invalid = 3,

    /// <summary>The cluster's fault: storage did not confirm the write; nothing is acknowledged. Offer it again.</summary>
    StorageUnavailable = 4,
}
