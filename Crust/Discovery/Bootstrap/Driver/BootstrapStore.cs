using Crust.Identity;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Discovery.Bootstrap.Driver;

/// <summary>A node's bootstrap cache, with its file if it has one: read at the start, written a moment after a change and at the end. Thread safe.</summary>
internal sealed class BootstrapStore : IAsyncDisposable
{
    /// <summary>From a change to its writing: what comes together is written together.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    /// <summary>Between two writings. Ours: a cache that is half a minute old is as good as new.</summary>
    private static readonly TimeSpan WritePause = TimeSpan.FromSeconds(30);

    private readonly PeerId _self;
    private readonly TimeProvider _timeProvider;
    private readonly BootstrapCacheFile? _file;
    private readonly Lock _lock = new();
    private readonly BootstrapCache _cache = new();
    private readonly AsyncSignal _changed = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _loop = Task.CompletedTask;
    private int _written;

    /// <param name="path">The file; null: memory only.</param>
    /// <param name="self">This node, which is never remembered.</param>
    /// <param name="network">The network.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where the user reads.</param>
    internal BootstrapStore(string? path, PeerId self, NetworkId network, TimeProvider timeProvider, ILogger logger)
    {
        (_self, _timeProvider) = (self, timeProvider);
        if (path is null)
            return;
        _file = new BootstrapCacheFile(path, network, logger);
        _cache.Merge(_file.Read().Where(n => n.Peer != self), Now);
        _written = _cache.Version;
        _loop = Task.Run(WriteAsync);
    }

    private DateTimeOffset Now => _timeProvider.GetUtcNow();

    /// <summary>Everything that is remembered.</summary>
    internal IReadOnlyList<CachedNode> All
    {
        get
        {
            lock (_lock)
                return [.. _cache.All];
        }
    }

    /// <summary>The gateways that are remembered, in the order to try them.</summary>
    internal IReadOnlyList<CachedNode> Gateways(IReadOnlySet<PeerId> excluded)
    {
        lock (_lock)
            return _cache.InOrder(CachedNodeKind.Gateway, excluded, Now);
    }

    /// <inheritdoc cref="BootstrapCache.Find"/>
    internal CachedNode? Find(PeerId peer)
    {
        lock (_lock)
            return _cache.Find(peer);
    }

    /// <inheritdoc cref="BootstrapCache.HandleTold"/>
    internal void HandleTold(PeerId peer, CachedNodeKind kind, IReadOnlyList<PeerAddress> addresses) => Change(peer, c => c.HandleTold(peer, kind, addresses, Now));

    /// <inheritdoc cref="BootstrapCache.HandleReached"/>
    internal void HandleReached(PeerId peer, CachedNodeKind kind, IReadOnlyList<PeerAddress> addresses) => Change(peer, c => c.HandleReached(peer, kind, addresses, Now));

    /// <inheritdoc cref="BootstrapCache.HandleFailed"/>
    internal void HandleFailed(PeerId peer) => Change(peer, c => c.HandleFailed(peer, Now));

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        Write();
        _stopped.Dispose();
    }

    private void Change(PeerId peer, Action<BootstrapCache> change)
    {
        if (peer == _self)
            return;
        lock (_lock)
        {
            change(_cache);
            if (_cache.Version == _written)
                return;
        }

        _changed.Set();
    }

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                await _changed.WaitAsync(_stopped.Token).ConfigureAwait(false);
                await Task.Delay(Gathering, _timeProvider, _stopped.Token).ConfigureAwait(false);
                Write();
                await Task.Delay(WritePause, _timeProvider, _stopped.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Written once more by whoever stopped this.
        }
    }

    /// <summary>Merges what another process has written meanwhile, so that of two neither forgets what the other knows.</summary>
    private void Write()
    {
        if (_file is null)
            return;
        CachedNode[] nodes;
        int version;
        lock (_lock)
        {
            _cache.Prune(Now);
            if (_cache.Version == _written)
                return;
        }

        var others = _file.Read();
        lock (_lock)
        {
            _cache.Merge(others.Where(n => n.Peer != _self), Now);
            (nodes, version) = ([.. _cache.All], _cache.Version);
        }

        _file.Write(nodes);
        lock (_lock)
            _written = version;
    }
}
