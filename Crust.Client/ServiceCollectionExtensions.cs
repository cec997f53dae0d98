using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crust.Client;

/// <summary>Adds the cluster client to a service's container.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="CrustClusterClient"/> as a singleton. It begins to connect when the host starts, which it does not hold up.
    /// </summary>
    public static IServiceCollection AddCrustClient(this IServiceCollection services, Action<CrustClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        var options = new CrustClientOptions();
        configure(options);
        services.AddSingleton(provider => new CrustClusterClient(options, provider.GetService<ILoggerFactory>(), provider.GetService<TimeProvider>()));
        services.AddHostedService(provider =>
        {
            provider.GetRequiredService<CrustClusterClient>();
            return new Starter();
        });
        return services;
    }

    /// <summary>Exists so that the host's start makes the singleton; the container disposes of it.</summary>
    private sealed class Starter : IHostedService
    {
        /// <inheritdoc/>
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        /// <inheritdoc/>
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
