using System.Net;
using Crust.Session.Links;

namespace Crust.Session.Driver;

/// <summary>The pumps of a session's links, those that are about to end included. Guarded by the session's lock.</summary>
internal sealed class LinkPumps
{
    private readonly List<LinkPump> _pumps = new(1);

    /// <summary>The one added last.</summary>
    internal LinkPump? Newest => _pumps.Count == 0 ? null : _pumps[^1];

    internal void Add(LinkPump pump) => _pumps.Add(pump);

    internal void Remove(LinkPump pump) => _pumps.Remove(pump);

    /// <summary>The link may have something to write.</summary>
    internal void Wake(SessionLink? link)
    {
        foreach (var pump in _pumps)
        {
            if (pump.Handle == link)
                pump.Wake();
        }
    }

    /// <summary>Wakes the links that the machine has something for.</summary>
    internal void Wake(SessionMachine machine)
    {
        foreach (var pump in _pumps)
        {
            if (pump.Handle.IsUnwanted || machine.HasWork(pump.Handle))
                pump.Wake();
        }
    }

    /// <summary>Closes the links with addresses that are not allowed; false, and closes none, when no other would be left.</summary>
    internal bool TryKeepOnly(Func<IPAddress, bool> allows)
    {
        if (!_pumps.Exists(p => !p.Handle.IsUnwanted && IsAllowed(p)))
            return false;
        foreach (var pump in _pumps)
        {
            if (!IsAllowed(pump))
                pump.Stop("the access list denies its network");
        }

        return true;

        bool IsAllowed(LinkPump pump) => pump.Link.Pipe.Link.RemoteEndPoint is not IPEndPoint remote || allows(remote.Address);
    }

    /// <summary>Closes the links that leave from addresses which this host no longer has: nothing more comes over them. How many.</summary>
    internal int CloseThoseFrom(Func<IPAddress, bool> isGone)
    {
        var closed = 0;
        foreach (var pump in _pumps)
        {
            if (pump.Source is not { } source || !isGone(source))
                continue;
            pump.Stop("its address left this host");
            closed++;
        }

        return closed;
    }

    /// <summary>Closes the links at once.</summary>
    internal void Cut() => StopAllBut(null);

    /// <summary>Closes the links at once, but for one that may still have to carry a goodbye.</summary>
    private void StopAllBut(SessionLink? link)
    {
        foreach (var pump in _pumps)
        {
            if (link is null || pump.Handle != link)
                pump.Stop("the session is over");
        }
    }

    /// <summary>The session is over: the active link still carries the goodbye; a peer that does not read is cut. Not under the lock.</summary>
    internal async Task CloseAsync(Lock gate, SessionMachine machine, TimeSpan linger, TimeProvider timeProvider)
    {
        Task all;
        lock (gate)
        {
            // Without an active one, any link will do: a goodbye counts on each.
            StopAllBut(machine.ActiveLink ?? Newest?.Handle);
            all = Task.WhenAll(_pumps.Select(p => p.Ended));
            Wake(machine);
        }

        try
        {
            await all.WaitAsync(linger, timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            lock (gate)
            {
                foreach (var pump in _pumps)
                    pump.Leave("the session is over");
            }

            await all.ConfigureAwait(false);
        }
    }
}
