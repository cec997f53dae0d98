namespace Crust.Tests.Older.Grains.Peers;

/// <summary>What is stored of a peer. Its golden bytes are a test: older silos and files must stay readable.</summary>
[GenerateSerializer, Alias("crust.PeerState")]
internal sealed class PeerState
{
    /// <summary>The newest signed record; null before the first.</summary>
    [Id(0)]
    public byte[]? SignedRecord { get; set; }

    /// <summary>Its sequence number, kept beside it so that merging reads no record. 0 before the first.</summary>
    [Id(1)]
    public ulong Sequence { get; set; }
}
