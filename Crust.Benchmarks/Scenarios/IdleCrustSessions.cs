using System.Net;
using Crust.Identity;

namespace Crust.Benchmarks.Scenarios;

/// <summary>Crust's sessions by the public API: one node holds all near ends, each far end is a node of its own.</summary>
internal sealed class IdleCrustSessions : IIdleSessions
{
    private readonly List<CrustNode> _nodes = [];
    private readonly List<PeerConnection> _connections = [];

    public int Open => _connections.Count(static c => c.IsOpen);

    public async Task<IReadOnlyList<string>> ListenAsync(int count)
    {
        for (var i = 0; i < count; i++)
            _nodes.Add(await StartAsync());
        return [.. _nodes.Select(static n => n.Addresses[0].ToString())];
    }

    public async Task OpenAsync(IEnumerable<string> addresses)
    {
        if (_nodes.Count == 0)
            _nodes.Add(await StartAsync());
        foreach (var address in addresses)
            _connections.Add(await _nodes[0].ConnectToAddressAsync(PeerAddress.Parse(address)));
    }

    /// <summary>The process ends: ten thousand goodbyes would say nothing more.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Task<CrustNode> StartAsync() => CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, MaxSessions = 100_000 });
}
