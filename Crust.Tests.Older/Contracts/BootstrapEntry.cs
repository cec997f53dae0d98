using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>A directly reachable peer. Times are Unix milliseconds by the shard's clock, where nothing else is said.</summary>
/// <param name="SignedRecord">The peer's own record.</param>
/// <param name="Proven">Which addresses of the record a dial-back reached: bit <c>i</c> for the one with the index <c>i</c>.</param>
/// <param name="IsIndependent">Whether such a dial came from where the peer had not sent anything to. Else its NAT may let in nobody else.</param>
/// <param name="Voucher">The gateway that dialled last, or had another one dial.</param>
/// <param name="ProvenSince">The first success since the last failure.</param>
/// <param name="LastProven">The last success.</param>
/// <param name="LastReport">When the newest report was signed, of success or failure, by its gateway's clock.</param>
/// <param name="Successes">Dials that succeeded.</param>
/// <param name="Failures">Dials that failed.</param>
/// <param name="FailuresInRow">Those that failed since the last success: the entry is told to nobody unless this is 0.</param>
/// <param name="Attached">When the peer signed the attachment by which the voucher began to vouch, by the peer's clock: an older one does not take the entry back.</param>
[GenerateSerializer, Alias("crust.BootstrapEntry"), Immutable]
public sealed record BootstrapEntry(
    [property: Id(0)] byte[] SignedRecord,
    [property: Id(1)] ushort Proven,
    [property: Id(2)] bool IsIndependent,
    [property: Id(3)] PeerId Voucher,
    [property: Id(4)] ulong ProvenSince,
    [property: Id(5)] ulong LastProven,
    [property: Id(6)] ulong LastReport,
    [property: Id(7)] uint Successes,
    [property: Id(8)] uint Failures,
    [property: Id(9)] uint FailuresInRow,
    [property: Id(10)] ulong Attached)
{
    /// <summary>A proof counts for this long: several dials that did not take place. Ours.</summary>
    public static readonly TimeSpan ProofLifetime = TimeSpan.FromMinutes(5);

    /// <summary>True while the peer may be told to others.</summary>
    public bool IsSampled(DateTimeOffset now) => FailuresInRow == 0 && (ulong)Math.Max(0, (now - ProofLifetime).ToUnixTimeMilliseconds()) <= LastProven;

    /// <summary>How long it has been proven again and again without a failure.</summary>
    public TimeSpan ProvenFor => TimeSpan.FromMilliseconds(LastProven > ProvenSince ? LastProven - ProvenSince : 0);
}
