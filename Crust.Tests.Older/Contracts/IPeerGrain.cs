using Orleans.CodeGeneration;

namespace Crust.Tests.Older.Contracts;


/// <summary>
/// One peer's identity in the cluster: its newest signed record, persisted. Key: <see cref="GrainKeys.Peer"/>. It verifies every record
/// itself, and never believes the caller.
/// </summary>
[Alias("crust.IPeerGrain"), Version(1)]
public interface IPeerGrain : IGrainWithStringKey
{
    /// <summary>Offers a signed record (<see cref="Identity.PeerRecord"/>). <see cref="RegisterResult.Accepted"/> means that storage answered.</summary>
    [Alias("Register")]
    Task<RegisterResult> RegisterAsync(byte[] signedRecord);

    /// <summary>The newest signed record, or null when there is none or it expired.</summary>
    [Alias("GetRecord")]
    Task<byte[]?> GetRecordAsync();
}
