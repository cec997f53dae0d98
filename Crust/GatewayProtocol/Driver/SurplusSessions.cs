using Crust.Session;
using Crust.Session.Driver;

namespace Crust.GatewayProtocol.Driver;

/// <summary>
/// Sessions with gateways that a node does not stay with: those that came of trying several at once, and the one with a gateway that it has left. They end in the background, but for the one by which the
/// node is attached by then. Used by one loop at a time.
/// </summary>
/// <param name="current">The session by which the node is attached; null: none.</param>
/// <param name="timeProvider">For waits.</param>
/// <param name="stopped">The node stops: nothing is waited for any more.</param>
internal sealed class SurplusSessions(Func<SessionDriver?> current, TimeProvider timeProvider, CancellationToken stopped)
{
    /// <summary>How long the session with a gateway that we left lasts. Ours: whoever learned just before that we are there has arrived by then.</summary>
    private static readonly TimeSpan Parting = TimeSpan.FromSeconds(1);

    /// <summary>Ends when all have.</summary>
    internal Task Closing { get; private set; } = Task.CompletedTask;

    /// <summary>Closes what attempts may still yield.</summary>
    internal void Close(IEnumerable<Task<SessionDriver?>> connecting) => Closing = Task.WhenAll(connecting.Select(CloseAsync).Append(Closing));

    /// <summary>
    /// Ends the session with a gateway that we left, once what was asked there is answered, and with it our attachment there and the circuits over it: sessions that these carried make others, over where we
    /// are now.
    /// </summary>
    internal void Part(GatewayClient left) => Closing = Task.WhenAll(Closing, PartAsync(left));

    private async Task CloseAsync(Task<SessionDriver?> connecting)
    {
        await ((Task)connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (connecting.IsCompletedSuccessfully && await connecting.ConfigureAwait(false) is { } session)
            await CloseAsync(session).ConfigureAwait(false);
    }

    private async Task PartAsync(GatewayClient left)
    {
        await Task.Delay(Parting, timeProvider, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await left.SettleAsync(GatewayClient.ResponseTimeout, stopped).ConfigureAwait(false);
        await CloseAsync(left.Session).ConfigureAwait(false);
    }

    private async Task CloseAsync(SessionDriver session)
    {
        if (session != current())
            await session.CloseAsync(GoodbyeCode.Normal, "Attached to another gateway.").ConfigureAwait(false);
    }
}
