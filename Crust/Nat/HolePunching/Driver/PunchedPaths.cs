using System.Net;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>
/// Pairs that were nominated and over which the remote will dial: whoever accepts a link learns here that it was punched. An entry lasts <see cref="Lasts"/>. Thread safe.
/// </summary>
internal sealed class PunchedPaths(MonotonicClock clock)
{
    /// <summary>How long a dial is waited for. Ours: three SYNs of the remote.</summary>
    internal static readonly TimeSpan Lasts = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(int Port, TransportAddress Remote, bool IsTcp), (Instant Until, TaskCompletionSource Came, Action<ConnectionContext>? Take)> _expected = [];

    /// <summary>The remote will dial from there to this port. The result ends when it has.</summary>
    /// <param name="localPort">Our port.</param>
    /// <param name="remote">Where it will come from.</param>
    /// <param name="isTcp">TCP or µTP.</param>
    /// <param name="take">Takes the link, if it is not for the acceptor to answer.</param>
    internal Task Expect(int localPort, TransportAddress remote, bool isTcp, Action<ConnectionContext>? take = null)
    {
        lock (_gate)
        {
            foreach (var (key, entry) in _expected)
            {
                if (entry.Until < clock.Now)
                    _expected.Remove(key);
            }

            var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _expected[(localPort, remote, isTcp)] = (clock.Now + Lasts, came, take);
            return came.Task;
        }
    }

    /// <summary>Ends with true when the remote has dialled as expected, with false when its time is over.</summary>
    internal async Task<bool> WaitAsync(int localPort, TransportAddress remote, bool isTcp, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        // Whoever asks has expected it before; it may have come already.
        Task came;
        lock (_gate)
        {
            if (!_expected.TryGetValue((localPort, remote, isTcp), out var entry))
                return true;
            came = entry.Came.Task;
        }

        try
        {
            await came.WaitAsync(Lasts, timeProvider, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The remote is not expected any longer.</summary>
    internal void Forget(int localPort, TransportAddress remote, bool isTcp)
    {
        lock (_gate)
            _expected.Remove((localPort, remote, isTcp));
    }

    /// <summary>Passes a TCP link on to whoever took it beforehand; false when nobody did.</summary>
    internal bool TryPassOn(ConnectionContext link)
    {
        if (link.LocalEndPoint is not IPEndPoint local || link.RemoteEndPoint is not IPEndPoint remote)
            return false;
        Action<ConnectionContext>? take;
        lock (_gate)
        {
            if (!_expected.TryGetValue((local.Port, TransportAddress.From(remote), true), out var entry) || entry.Until < clock.Now || entry.Take is null)
                return false;
            take = entry.Take;
        }

        take(link);
        return true;
    }

    /// <summary>The way of a link that was accepted: punched if it was expected, else <paramref name="otherwise"/>.</summary>
    internal ConnectionPath PathOf(ConnectionContext link, ConnectionPath otherwise)
    {
        if (link.LocalEndPoint is not IPEndPoint local || link.RemoteEndPoint is not IPEndPoint remote)
            return otherwise;
        var isTcp = otherwise == ConnectionPath.DirectTcp;
        lock (_gate)
        {
            if (!_expected.Remove((local.Port, TransportAddress.From(remote), isTcp), out var entry) || entry.Until < clock.Now)
                return otherwise;
            entry.Came.TrySetResult();
            return isTcp ? ConnectionPath.PunchedTcp : ConnectionPath.PunchedUtp;
        }
    }
}
