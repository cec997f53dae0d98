using Crust.Session.Driver;

namespace Crust.GatewayProtocol.Driver;

/// <summary>How long one contact is waited for before the next one is tried beside it.</summary>
internal static class ContactRace
{
    /// <summary>
    /// Contacts are tried one by one, but none is waited for longer than this before the next one is tried too. Ours: most have answered by then, and sessions without a path wait for it.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    /// <summary>The first contact that answers or fails; null when it is time to try another one beside it.</summary>
    internal static async Task<Task<SessionDriver?>?> FirstAsync(List<Task<SessionDriver?>> connecting, bool moreWait, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var first = Task.WhenAny(connecting);
        if (!moreWait)
            return await first.ConfigureAwait(false);
        try
        {
            return await first.WaitAsync(Patience, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
