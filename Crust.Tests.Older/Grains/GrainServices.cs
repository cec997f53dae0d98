using Crust.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Crust.Tests.Older.Grains;

/// <summary>What the grains need from their silo.</summary>
public static class GrainServices
{
    /// <summary>The name of the grain storage that peers' records are kept in; the silo configures it.</summary>
    public const string StorageName = "crust";

    /// <summary>Tells the grains which network they serve. Keys of another network are refused: 16 hexadecimal digits in a key do not tell a network's hash.</summary>
    public static IServiceCollection AddCrustGrains(this IServiceCollection services, NetworkId network)
    {
        services.TryAddSingleton(TimeProvider.System);
        return services.AddSingleton(new ServedNetwork(network));
    }
}

/// <summary>The network a silo serves.</summary>
internal sealed record ServedNetwork(NetworkId Id);
