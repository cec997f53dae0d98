using System.Collections.Concurrent;
using Crust.Session.Driver;
using Crust.Transport;

namespace Crust;

/// <summary>
/// For sessions that go over a gateway: looks their peers up again, at growing intervals, and dials what they publish by then. A router may have mapped a port, or a dial-back proven one, after
/// the session began. The session itself moves to what comes of it. Thread safe.
/// </summary>
internal sealed class AddressFollower(PeerConnector connector, TimeProvider timeProvider, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>Times between looks, the last one repeated. Ours: a proof takes seconds, and a look-up costs the gateway little.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 1.0, 2, 3, 5, 10, 20, 40, 60 }.Select(static s => TimeSpan.FromSeconds(s))];

    private readonly ConcurrentDictionary<SessionDriver, Lazy<Task>> _following = new();

    /// <summary>The session opened, or moved: perhaps its peer has better addresses soon. May be called again and again.</summary>
    internal void Watch(SessionDriver session)
    {
        if (stopped.IsCancellationRequested || !Wants(session))
            return;
        _ = _following.GetOrAdd(session, s => new Lazy<Task>(() => Task.Run(() => FollowAsync(s), CancellationToken.None))).Value;
    }

    /// <summary>Ends once nothing is tried any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var following in _following.Values)
            await following.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static bool Wants(SessionDriver session) => session.Closure is null && !session.IsSuspended && session.Path == ConnectionPath.Relayed;

    private async Task FollowAsync(SessionDriver session)
    {
        try
        {
            for (var look = 0; ; look++)
            {
                await Task.Delay(Pauses[Math.Min(look, Pauses.Length - 1)], timeProvider, stopped).ConfigureAwait(false);
                if (!Wants(session))
                    return;
                await connector.DialNewAddressesAsync(session, stopped).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
        finally
        {
            _following.TryRemove(session, out _);
        }
    }
}
