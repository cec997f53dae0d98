namespace Crust.Grains.Abstractions;

/// <summary>What a shard made of a report.</summary>
[GenerateSerializer, Alias("crust.BootstrapResult")]
public enum BootstrapResult
{
    /// <summary>The peer is told to others from now on, or still.</summary>
    Proven = 0,

    /// <summary>The dial failed: the peer is told to nobody until a dial succeeds.</summary>
    Demoted = 1,

    /// <summary>The dial failed once too often, or the peer does not want to be told any more: the entry is gone.</summary>
    Removed = 2,

    /// <summary>A failed dial of a peer that is not in the shard.</summary>
    Unknown = 3,

    /// <summary>The gateway's or peer's fault: a signature, a time, the shard or an address is wrong, or the record is too long or outdated.</summary>
    Invalid = 4,

    /// <summary>Another gateway that lives vouches for the peer.</summary>
    OtherVoucher = 5,

    /// <summary>The directory does not list the gateway. Try again: it may have started just now.</summary>
    UnknownGateway = 6,

    /// <summary>The shard, or the part of it that a prefix or a gateway may have, is full of better entries.</summary>
    Full = 7,

    /// <summary>The peer's record does not say that it accepts to be told to others.</summary>
    NotAccepting = 8,

    /// <summary>The cluster's fault: storage has not answered since the shard began, so what it holds is not known. Try again.</summary>
    StorageUnavailable = 9,
}
