using System.Net;
using Crust.Diagnostics;
using Crust.Primitives.Driver;
using Crust.Session.Links;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Session.Driver;

/// <summary>
/// The links of a running session: a <see cref="LinkPump"/> for each, what passes between them and the machine, and the way that the session takes now.
/// Guarded by the session's lock, which what the pumps call takes, and what the node asks for.
/// </summary>
internal sealed class SessionLinks(SessionDriver session, SessionMachine machine, MonotonicClock clock, ILogger logger) : ILinkCarrier
{
    private readonly LinkPumps _pumps = new();
    private TaskCompletionSource? _resumed;
    private volatile LinkPump? _active;
    private volatile LinkDescription _carrier = LinkDescription.None;
    private bool _wasActive;
    private bool _endWithLast;

    /// <summary>The active link, or the last one; before the first is nominated, the one that was added last. Whole to whoever reads it, without the lock.</summary>
    internal LinkDescription Carrier => _carrier;

    /// <summary>True when another link is worth asking for.</summary>
    internal bool MayHaveAnother => !_endWithLast;

    /// <summary>From now on the session ends with its last link. True when it has none.</summary>
    internal bool EndWithLast()
    {
        _endWithLast = true;
        return machine.LinkCount == 0;
    }

    /// <summary>How good a way is.</summary>
    internal static LinkRank RankOf(ConnectionPath path) => path == ConnectionPath.Relayed ? LinkRank.Relayed : LinkRank.Direct;

    /// <summary>What the lower id promises a link on such a way.</summary>
    internal uint Promise(ConnectionPath path) => machine.Promise(RankOf(path), clock.Now);

    /// <summary>Adds a link and starts its pump.</summary>
    internal void Attach(SecureLink link)
    {
        var pump = new LinkPump(link, this, clock);
        // A link that is unwanted from the beginning is given its pump all the same: that closes it.
        _pumps.Add(pump);
        if (!_wasActive)
            _carrier = LinkDescription.Of(link, null);
        pump.Handle = machine.AddLink(RankOf(link.Path), link.Result.PromisedGeneration, clock.Now);
        pump.Handle.Tag = pump;
        session.Update();
        pump.Start();
    }

    /// <summary>Ends once a link carries the session, or the session is over.</summary>
    internal Task WaitUntilActiveAsync(CancellationToken cancellationToken) => machine.ActiveLink is not null ? Task.CompletedTask : WaitUntilMovedAsync(cancellationToken);

    /// <summary>Ends once another link carries the session, or the session is over.</summary>
    internal Task WaitUntilMovedAsync(CancellationToken cancellationToken) =>
        (_resumed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Closes the links, standby ones too, with addresses that are not allowed. False when the session cannot go on: no other link is left, or it has none and
    /// the last was such a one. Takes the lock.
    /// </summary>
    internal bool TryKeepOnly(Func<IPAddress, bool> allows)
    {
        lock (session.Gate)
        {
            return session.IsEnding
                || (machine.LinkCount == 0 ? _carrier.RemoteEndPoint is not { } last || allows(last.Address) : _pumps.TryKeepOnly(allows));
        }
    }

    /// <summary>Closes the links, standby ones too, that leave from addresses which this host no longer has; how many. Takes the lock.</summary>
    internal int CloseThoseFrom(Func<IPAddress, bool> isGone)
    {
        lock (session.Gate)
            return _pumps.CloseThoseFrom(isGone);
    }

    /// <summary>The active link may have something to write.</summary>
    internal void WakeActive() => _pumps.Wake(machine.ActiveLink);

    /// <summary>The same, without the lock: for who may hold another session's.</summary>
    internal void WakeCarrier() => _active?.Wake();

    /// <summary>Wakes the links that the machine has something for.</summary>
    internal void Wake() => _pumps.Wake(machine);

    /// <summary>A link carries the session now, for this cause. True when another did before.</summary>
    internal bool Activated(SessionLink active, string? cause)
    {
        _active = (LinkPump)active.Tag!;
        _carrier = LinkDescription.Of(_active.Link, _wasActive ? cause : null);
        ReleaseWaiters();
        var isMove = _wasActive;
        _wasActive = true;
        return isMove;
    }

    /// <summary>The machine gave a link up.</summary>
    internal static void Unwanted(SessionLink link) => (link.Tag as LinkPump)?.Stop("replaced by a better link");

    /// <summary>Whoever waits for a link waits no longer: there is one, or there will be none.</summary>
    internal void ReleaseWaiters()
    {
        _resumed?.TrySetResult();
        _resumed = null;
    }

    /// <summary>Closes the links as they are, without a goodbye.</summary>
    internal void Cut() => _pumps.Cut();

    /// <summary>The session is over: closes the links, the active one once it has carried the goodbye. Not under the lock.</summary>
    internal Task CloseAsync(TimeSpan linger) => _pumps.CloseAsync(session.Gate, machine, linger, clock.TimeProvider);

    /// <inheritdoc/>
    bool ILinkCarrier.HandleRecord(LinkPump link, ReadOnlySpan<byte> plaintext)
    {
        lock (session.Gate)
        {
            if (link.Handle.IsUnwanted)
                return false;
            var goesOn = machine.Handle(link.Handle, plaintext, clock.Now);
            session.Settle();
            return goesOn && !machine.IsClosed;
        }
    }

    /// <inheritdoc/>
    int ILinkCarrier.NextRecord(LinkPump link, Span<byte> plaintext, out bool over)
    {
        lock (session.Gate)
        {
            machine.TakeBack(link.Lent);
            over = link.Handle.IsUnwanted;
            if (over)
                return 0;
            var length = machine.PollRecord(link.Handle, plaintext, clock.Now, clock.UnixMilliseconds, link.Lent);
            session.Update();
            over = machine.IsClosed;
            return length;
        }
    }

    /// <inheritdoc/>
    void ILinkCarrier.TakeBack(LinkPump link)
    {
        lock (session.Gate)
            machine.TakeBack(link.Lent);
    }

    /// <inheritdoc/>
    bool ILinkCarrier.SaysGoodbye(LinkPump link)
    {
        lock (session.Gate)
            return session.Closure is { ByRemote: false } && (machine.ActiveLink is null || machine.ActiveLink == link.Handle);
    }

    /// <inheritdoc/>
    void ILinkCarrier.LinkFaulted(LinkPump link, Exception exception)
    {
        Log.SessionDriverFailed(logger, session.Remote.ToShortString(), exception);
        session.End(GoodbyeCode.InternalError, "The session's driver failed.");
    }

    /// <inheritdoc/>
    Task ILinkCarrier.LinkEndedAsync(LinkPump link)
    {
        lock (session.Gate)
        {
            _pumps.Remove(link);
            machine.TakeBack(link.Lent);
            if (session.IsEnding)
                return Task.CompletedTask;
            machine.RemoveLink(link.Handle, clock.Now);
            session.Settle();
            if (!_endWithLast || machine.LinkCount > 0)
                return Task.CompletedTask;
        }

        session.End(GoodbyeCode.GoingAway, SessionDriver.LinkLost);
        return Task.CompletedTask;
    }
}
