using Crust.Identity;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace Crust.Grains.Abstractions;

/// <summary>
/// What the network's operators ordered: bans, the allow list, drains. Silos read it each second and tell gateways its version with each exchange. Key: <see cref="GrainKeys.Orders"/>.
/// </summary>
[Alias("crust.IOperatorOrdersGrain"), Version(1)]
public interface IOperatorOrdersGrain : IGrainWithStringKey
{
    /// <summary>Most orders in one answer of <see cref="GetAuditAsync"/>.</summary>
    const int MaxAudit = 1600;

    /// <summary>Offers a signed order. <see cref="OrderResult.Accepted"/> means that storage answered.</summary>
    [Alias("Submit")]
    Task<OrderResult> SubmitAsync(byte[] signedOrder);

    /// <summary>What changed since a version; null when nothing did. 0 asks for everything in force.</summary>
    [Alias("Read"), AlwaysInterleave]
    Task<PolicyChanges?> ReadAsync(ulong knownVersion);

    /// <summary>The last orders that were taken, in force or not, the newest first.</summary>
    [Alias("GetAudit"), AlwaysInterleave]
    Task<PolicyOrder[]> GetAuditAsync(int count);

    /// <summary>The number of an operator's newest order; 0 for none.</summary>
    [Alias("GetLastNumber"), AlwaysInterleave]
    Task<ulong> GetLastNumberAsync(PeerId operatorId);
}
