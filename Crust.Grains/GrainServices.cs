using Crust.Grains.Orders;
using Crust.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Crust.Grains;

/// <summary>What the grains need from their silo.</summary>
public static class GrainServices
{
    /// <summary>The name of the grain storage that peers' records are kept in; the silo configures it.</summary>
    public const string StorageName = "crust";

    /// <summary>Most operators. Ours: their last numbers are kept with each part of the orders.</summary>
    public const int MaxOperators = 16;

    /// <summary>Tells the grains which network they serve. Keys of another network are refused: 16 hexadecimal digits in a key do not tell a network's hash.</summary>
    /// <param name="services">The silo's.</param>
    /// <param name="network">The network.</param>
    /// <param name="operators">Whose orders count, at most <see cref="MaxOperators"/>; null or none: every order is refused.</param>
    /// <param name="acceptUnprovenGateways">True while gateways of the release before, which prove nothing, are still there: then anyone who reaches the Orleans ports can speak as one.</param>
    /// <exception cref="ArgumentException">There are too many operators.</exception>
    public static IServiceCollection AddCrustGrains(
        this IServiceCollection services, NetworkId network, IReadOnlyCollection<PeerId>? operators = null, bool acceptUnprovenGateways = false)
    {
        var ids = (operators ?? []).ToHashSet();
        if (ids.Count > MaxOperators)
            throw new ArgumentException($"A network has at most {MaxOperators} operators.", nameof(operators));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PolicyCache>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<PolicyCache>());
        return services.AddSingleton(new ServedNetwork(network)).AddSingleton(new GrainRules(ids, acceptUnprovenGateways));
    }
}

/// <summary>The network a silo serves.</summary>
internal sealed record ServedNetwork(NetworkId Id);

/// <summary>Whom the grains believe.</summary>
/// <param name="Operators">Whose orders count.</param>
/// <param name="AcceptsUnprovenGateways">Whether gateways need no proof.</param>
internal sealed record GrainRules(IReadOnlySet<PeerId> Operators, bool AcceptsUnprovenGateways);
