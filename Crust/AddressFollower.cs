using System.Collections.Concurrent;
using Crust.Session.Driver;

namespace Crust;

/// <summary>
/// For sessions that go over a gateway: looks their peers up again, at growing intervals, and dials what they publish by then. A router may have mapped a port, or a dial-back proven one, after
/// the session began. The session itself moves to what comes of it. Thread safe.
/// </summary>
/// <param name="look">Looks a session's peer up, and dials what is new.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="stopped">Cancelled when the node stops.</param>
internal sealed class AddressFollower(Func<ISignalling, CancellationToken, Task> look, TimeProvider timeProvider, CancellationToken stopped) : IAsyncDisposable
{
    /// <summary>Times between looks, the last one repeated. Ours: a proof takes seconds, and a look-up costs the gateway little.</summary>
    private static readonly TimeSpan[] Pauses = [.. new[] { 1.0, 2, 3, 5, 10, 20, 40, 60 }.Select(static s => TimeSpan.FromSeconds(s))];

    private readonly ConcurrentDictionary<ISignalling, Lazy<Task>> _following = new();

    /// <summary>The session opened, or moved: perhaps its peer has better addresses soon. May be called again and again.</summary>
    internal void Watch(ISignalling session)
    {
        if (stopped.IsCancellationRequested || !session.WantsDirect)
            return;
        _ = _following.GetOrAdd(session, s => new Lazy<Task>(() => Task.Run(() => FollowAsync(s), CancellationToken.None))).Value;
    }

    /// <summary>Ends once nothing is tried any more; to be called when the token is cancelled.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var following in _following.Values)
            await following.Value.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task FollowAsync(ISignalling session)
    {
        try
        {
            for (var looks = 0; ; looks++)
            {
                await Task.Delay(Pauses[Math.Min(looks, Pauses.Length - 1)], timeProvider, stopped).ConfigureAwait(false);
                if (!session.WantsDirect)
                    break;
                await look(session, stopped).ConfigureAwait(false);
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

        // Fell back while we were about to end: whoever asked then found us still at it.
        Watch(session);
    }
}
