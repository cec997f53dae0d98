using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Crust.Utp.Driver;

/// <summary>Yields the links that remotes opened at a port. Unbinding stops that; links go on, and the port is free once the last one is over.</summary>
internal sealed class UtpLinkListener : IConnectionListener
{
    private readonly Channel<UtpLink> _arrivals;
    private UtpPump[] _pumps = [];

    /// <param name="endPoint">Where it listens.</param>
    /// <param name="backlog">Links that wait at most.</param>
    internal UtpLinkListener(IPEndPoint endPoint, int backlog)
    {
        EndPoint = endPoint;
        _arrivals = Channel.CreateBounded<UtpLink>(new BoundedChannelOptions(backlog) { AllowSynchronousContinuations = false });
    }

    public EndPoint EndPoint { get; }

    /// <summary>The pumps of the port. Set before they start.</summary>
    internal UtpPump[] Pumps
    {
        get => _pumps;
        set => _pumps = value;
    }

    /// <summary>Waits for the next link that is still open; null after the listener was unbound.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _arrivals.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

    public ValueTask DisposeAsync()
    {
        if (!_arrivals.Writer.TryComplete())
            return ValueTask.CompletedTask;
        foreach (var pump in _pumps)
            pump.StopAccepting();
        // Nobody will take them.
        while (_arrivals.Reader.TryRead(out var link))
            link.Abort(new ConnectionAbortedException("the listener was unbound"));
        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps a link until it is accepted; false when there are as many as may be. Runs nobody's code.</summary>
    internal bool TryAdd(UtpLink link) => _arrivals.Writer.TryWrite(link);
}
