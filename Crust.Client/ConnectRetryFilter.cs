namespace Crust.Client;

/// <summary>Tries to connect for ever: a service starts up while no silo answers.</summary>
internal sealed class ConnectRetryFilter(TimeSpan delay, TimeProvider timeProvider) : IClientConnectionRetryFilter
{
    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
