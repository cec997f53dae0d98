using Crust.Identity;
using Crust.Session.Driver;

namespace Crust;

/// <summary>Lets connection attempts wait for a session that the peer may open itself. Thread safe.</summary>
internal sealed class SessionArrivals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, TaskCompletionSource<SessionDriver>> _awaited = [];

    /// <summary>A task that ends with the next session with the peer. To be given up with <see cref="Forget"/>.</summary>
    internal Task<SessionDriver> Expect(PeerId peer)
    {
        lock (_gate)
        {
            if (!_awaited.TryGetValue(peer, out var source))
                _awaited[peer] = source = new TaskCompletionSource<SessionDriver>(TaskCreationOptions.RunContinuationsAsynchronously);
            return source.Task;
        }
    }

    internal void Arrived(SessionDriver session)
    {
        lock (_gate)
        {
            if (_awaited.Remove(session.Remote, out var source))
                source.TrySetResult(session);
        }
    }

    internal void Forget(PeerId peer)
    {
        lock (_gate)
            _awaited.Remove(peer);
    }
}
