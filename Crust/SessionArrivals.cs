using Crust.Identity;
using Crust.Session.Driver;

namespace Crust;

/// <summary>Lets connection attempts wait for a session that the peer may open itself. Thread safe.</summary>
internal sealed class SessionArrivals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<PeerId, List<TaskCompletionSource<SessionDriver>>> _awaited = [];

    /// <summary>Peers that somebody waits for.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _awaited.Count;
        }
    }

    /// <summary>A task that ends with the next session with the peer. To be given up with <see cref="Forget"/>.</summary>
    internal Task<SessionDriver> Expect(PeerId peer)
    {
        var source = new TaskCompletionSource<SessionDriver>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_awaited.TryGetValue(peer, out var sources))
                _awaited[peer] = sources = [];
            sources.Add(source);
        }

        return source.Task;
    }

    internal void Arrived(SessionDriver session)
    {
        lock (_gate)
        {
            if (!_awaited.Remove(session.Remote, out var sources))
                return;
            foreach (var source in sources)
                source.TrySetResult(session);
        }
    }

    /// <summary>Gives up one task of <see cref="Expect"/>; others who wait for the same peer go on. Nothing, when it has ended.</summary>
    internal void Forget(PeerId peer, Task<SessionDriver> arrival)
    {
        lock (_gate)
        {
            if (!_awaited.TryGetValue(peer, out var sources))
                return;
            sources.RemoveAll(s => s.Task == arrival);
            if (sources.Count == 0)
                _awaited.Remove(peer);
        }
    }
}
