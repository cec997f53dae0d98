using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crust;

/// <summary>Crust in a generic host.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>
    /// Adds a node that starts and stops with the host, logs with it, and can be injected as <see cref="CrustNode"/> once the host has
    /// started. Handlers are best given in the options, so that no message comes before them.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Sets the options; the service provider is there to take settings and handlers from.</param>
    public static IServiceCollection AddCrustNode(this IServiceCollection services, Action<IServiceProvider, CrustNodeOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddSingleton(provider =>
        {
            var options = new CrustNodeOptions();
            if (provider.GetService<ILoggerFactory>() is { } loggerFactory)
                options.LoggerFactory = loggerFactory;
            if (provider.GetService<TimeProvider>() is { } timeProvider)
                options.TimeProvider = timeProvider;
            configure(provider, options);
            return new CrustNodeService(options);
        });
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<CrustNodeService>());
        services.AddTransient(provider => provider.GetRequiredService<CrustNodeService>().Node);
        return services;
    }
}
