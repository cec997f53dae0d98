using Microsoft.Extensions.Hosting;

namespace Crust;

/// <summary>Runs a <see cref="CrustNode"/> for as long as its host runs. Registered by <see cref="ServiceCollectionExtensions.AddCrustNode"/>.</summary>
/// <param name="options">How the node starts.</param>
public sealed class CrustNodeService(CrustNodeOptions options) : IHostedService, IAsyncDisposable
{
    private CrustNode? _node;

    /// <summary>The node.</summary>
    /// <exception cref="InvalidOperationException">The host has not started it yet.</exception>
    public CrustNode Node => _node ?? throw new InvalidOperationException("The Crust node starts with the host; it is not there before.");

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken) => _node = await CrustNode.StartAsync(options, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync().ConfigureAwait(false);
    }
}
