using Crust.Client.Membership;
using Crust.Tests.Cluster.Servers;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>The azure profile on Azurite.</summary>
public sealed class AzureWorld : ProfileWorld
{
    internal override string Profile => ClusterProfile.Azure;

    internal override StorageServer Server { get; } = new AzuriteServer();
}
