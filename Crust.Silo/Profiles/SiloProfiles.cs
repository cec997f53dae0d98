using Crust.Client.Membership;

namespace Crust.Silo.Profiles;

/// <summary>Makes the profile that the options name.</summary>
internal static class SiloProfiles
{
    /// <exception cref="SiloStartException">The name or the connection is wrong; the message says what is allowed.</exception>
    internal static ISiloProfile Create(SiloOptions options)
    {
        var complaint = options.Profile switch
        {
            ClusterProfile.Azure => AzureTables.Complaint(options.Connection),
            ClusterProfile.Redis => RedisServer.Complaint(options.Connection),
            _ => ClusterProfile.Complaint(options.Profile),
        };
        if (complaint is not null)
            throw new SiloStartException(complaint);
        return options.Profile switch
        {
            ClusterProfile.Azure => new AzureProfile(
                AzureTables.Connect(options.Connection!, options.Credential), AzureTables.Connect(options.Connection!, options.Credential, AzureTables.StateTime)),
            ClusterProfile.Redis => new RedisProfile(options.Connection!, options.AcceptsDataLoss),
            _ => new EmbeddedProfile(options.DataFolder),
        };
    }
}
