using Crust.Client.Membership;
using Crust.Tests.Cluster.Servers;

namespace Crust.Tests.Processes.Clusters;

/// <summary>The azure profile's, on Azurite.</summary>
public sealed class AzureCluster : SharedCluster
{
    internal override StorageServer Storage { get; } = new AzuriteServer();

    internal override string Profile => ClusterProfile.Azure;
}
