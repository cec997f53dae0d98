using Crust.Client.Membership;

namespace Crust.Tests.Cluster.Profiles;

/// <summary>The embedded profile: SQLite in a folder.</summary>
public sealed class EmbeddedWorld : ProfileWorld
{
    internal override string Profile => ClusterProfile.Embedded;
}
