using Crust.Identity;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Handshakes;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>A node's end of a session: the product's machine with its links, its one timer and an application on top, without tasks and locks.</summary>
internal sealed class SimulatedSession
{
    /// <summary>As the product's: how long a goodbye may take.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    /// <summary>As the product's.</summary>
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    /// <summary>As the product's reviver: how long the side waits that did not dial, and the pauses between tries.</summary>
    private static readonly TimeSpan AcceptorDelay = TimeSpan.FromMilliseconds(250), FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(10);

    private const string TooLate = "done, but not in time";

    private readonly List<NodeLink> _links = [];
    private Instant? _timerDue;
    private long _timer;
    private NodeLink? _adding;
    private bool _isReviving;
    private SimulatedLink? _carrier;

    internal SimulatedSession(SimulatedNode node, HandshakeResult result, GenerationCounter generations)
    {
        Node = node;
        Remote = result.Remote;
        Id = result.SessionId;
        Outward = node.Directory.Direction(Id, node.Identity.Id, $"{node.Name} to {node.Directory.Name(Remote)}");
        Inward = node.Directory.Direction(Id, Remote, $"{node.Directory.Name(Remote)} to {node.Name}");
        SendsSigned = result.SendSigned;
        Machine = new SessionMachine(
            new SessionParameters(node.Identity, Remote, node.Network, Id.ToByteArray(), result.SaltSecret.ToArray(), result.SendSigned, result.ReceiveSigned, node.Limits)
            {
                Generations = generations,
                LeavesUnsigned = Applications.LeavesUnsigned,
            },
            node.World.Now);
        BeganAt = node.World.Now;
        Hop = node.HopOf(this);
        Machine.Circuits = Hop;
        Application = new Application(this);
        RemoteEpoch = result.RemoteEpoch;
        node.Directory.Add(this);
        node.Add(this);
    }

    internal SimulatedNode Node { get; }

    internal World World => Node.World;

    internal PeerId Remote { get; }

    internal SessionId Id { get; }

    internal SessionMachine Machine { get; }

    internal Application Application { get; }

    /// <summary>The circuits that ride on it; null unless an end is a relay.</summary>
    internal SimulatedHop? Hop { get; }

    internal bool SendsSigned { get; }

    /// <summary>The checker of what we send.</summary>
    internal Direction Outward { get; }

    /// <summary>The checker of what we receive.</summary>
    internal Direction Inward { get; }

    internal bool ActiveLinkIsOurs { get; private set; }

    /// <summary>The credit that was announced last.</summary>
    internal long MessageCredit { get; set; } = WireLimits.InitialWindow;

    /// <inheritdoc cref="MessageCredit"/>
    internal long StreamCredit { get; set; } = WireLimits.InitialWindow;

    /// <summary>Which process of the remote it began with.</summary>
    internal ProcessEpoch RemoteEpoch { get; }

    /// <summary>Whether its application asked for its end.</summary>
    internal bool IsClosing { get; private set; }

    /// <summary>How it ended; null while it lives.</summary>
    internal SessionEvent? Closure { get; private set; }

    internal Instant BeganAt { get; }

    /// <summary>Null while it lives.</summary>
    internal Instant? ClosedAt { get; private set; }

    /// <summary>True when its node lost its memory.</summary>
    internal bool IsForgotten { get; set; }

    internal bool IsOpen => Closure is null && !IsForgotten;

    internal IReadOnlyList<NodeLink> Links => _links;

    /// <summary>Whether it is one of these two's.</summary>
    internal bool IsOf(PeerId one, PeerId other) => (Node.Identity.Id, Remote) == (one, other) || (Node.Identity.Id, Remote) == (other, one);

    /// <summary>Adds a link; false when the session is over.</summary>
    internal bool TryAttach(NodeLink link)
    {
        if (Closure is not null)
            return false;
        _links.Add(link);
        link.Session = this;
        _adding = link;
        link.Handle = Machine.AddLink(link.Link.Rank, link.Result.PromisedGeneration, World.Now);
        link.Handle.Tag = link;
        Settle();
        _adding = null;
        return true;
    }

    internal bool HandleRecord(NodeLink link, ReadOnlySpan<byte> plaintext)
    {
        if (link.Handle.IsUnwanted || IsForgotten)
            return false;
        if (World.IsTraced)
            World.Log($"{Node.Name} reads from {link.Link.Number}:{FrameWalk.Describe(plaintext)}");
        var goesOn = Machine.Handle(link.Handle, plaintext, World.Now);
        Settle();
        return goesOn && !Machine.IsClosed;
    }

    internal void LinkEnded(NodeLink link)
    {
        if (!_links.Remove(link) || IsForgotten)
            return;
        if (Closure is null)
        {
            Machine.RemoveLink(link.Handle, World.Now);
            Settle();
        }
        else if (_links.Count == 0)
        {
            Node.SessionEnded(this);
        }
    }

    /// <summary>Closes gracefully: if that is done in time, everything that was sent before has been delivered.</summary>
    internal void Close()
    {
        World.Log($"{Node.Name} closes session {Id.ToString()[..8]}");
        IsClosing = true;
        Machine.Close(GoodbyeCode.Normal, "done");
        Settle();
        World.After(Linger, () => Abort(GoodbyeCode.Normal, TooLate));
    }

    internal void Abort(GoodbyeCode code, string reason)
    {
        if (!IsOpen)
            return;
        Machine.Abort(code, reason);
        Settle();
    }

    /// <summary>After each input: events, records of every link, events again, the timer.</summary>
    internal void Settle()
    {
        Drain();
        foreach (var link in _links.ToArray())
        {
            if (link.Handle is not { } handle)
                continue;
            if (handle.IsUnwanted || Machine.HasWork(handle))
                link.WriteAll();
            else if (World.Random.Chance(0.02) && Machine.PollRecord(handle, new byte[WireLimits.MinRecordLength], World.Now, World.UnixMilliseconds) > 0)
                throw new SimulationException($"{Node.Name}: a record was waiting although the machine had no work");
        }

        Drain();
        Bounds.Check(this);
        Reschedule();
    }

    internal void Drain()
    {
        while (Machine.PollEvent(out var e))
        {
            switch (e.Kind)
            {
                case SessionEventKind.LinkActivated:
                    var link = (NodeLink?)e.Link!.Tag ?? _adding!;
                    ActiveLinkIsOurs = link.IsDialler;
                    Node.Directory.Moves.Moved(_carrier, link.Link);
                    _carrier = link.Link;
                    World.Log($"{Node.Name} moved to link {link.Link.Number} ({link.Link.Rank})");
                    break;
                case SessionEventKind.LinkUnwanted:
                    var unwanted = (NodeLink?)e.Link!.Tag ?? _adding!;
                    World.Soon(() => unwanted.Abort());
                    break;
                case SessionEventKind.Suspended:
                    World.Log($"{Node.Name} is suspended");
                    break;
                case SessionEventKind.LinkWanted:
                    World.Soon(Want);
                    break;
                case SessionEventKind.Closed:
                    Closed(e);
                    break;
                default:
                    Application.Handle(e);
                    break;
            }
        }
    }

    private void Closed(in SessionEvent e)
    {
        Closure = e;
        ClosedAt = World.Now;
        World.Log($"{Node.Name} session {Id.ToString()[..8]} closed: {(GoodbyeCode)e.Code}, by remote {e.ByRemote}, {e.Reason}");
        World.Mark((ulong)e.Code);
        Node.Remove(this);
        // Nobody here breaks the protocol: whoever says so is wrong, or the other was.
        if ((GoodbyeCode)e.Code == GoodbyeCode.ProtocolViolation)
            throw new SimulationException($"{Node.Name}: a session of two honest ends broke the protocol");
        // Faults of links and datagrams, and whoever attacks from off the path, may cost links; a session outlives them.
        if (!Node.Directory.Endings.MayEnd(this, e))
            throw new SimulationException($"{Node.Name}: a session ended with {(GoodbyeCode)e.Code} ({e.Reason}){(e.ByRemote ? " by the other end" : "")}, and nothing had happened that may end one so");
        Outward.Ended();
        if ((GoodbyeCode)e.Code == GoodbyeCode.Normal && !e.ByRemote && e.Reason != TooLate)
            Outward.RequireDelivered();
        Application.Ended();
        World.Soon(Finish);
        World.After(Linger, () =>
        {
            foreach (var link in _links.ToArray())
                link.Abort();
            Node.SessionEnded(this);
        });
    }

    private void Finish()
    {
        if (IsForgotten)
            return;
        foreach (var link in _links.ToArray())
        {
            if (link.Handle == Machine.ActiveLink)
                link.WriteAll();
            else
                link.Abort();
        }

        if (_links.Count == 0)
            Node.SessionEnded(this);
    }

    /// <summary>The product's reviver: whoever dialled the last link tries at once, the other a moment later, then both with growing pauses.</summary>
    private void Want()
    {
        if (_isReviving || !IsOpen)
            return;
        _isReviving = true;
        World.After(ActiveLinkIsOurs ? TimeSpan.Zero : AcceptorDelay, () => Revive(FirstPause, isFirst: true));
    }

    private void Revive(TimeSpan pause, bool isFirst)
    {
        if (!IsOpen || (!isFirst && Machine.ActiveLink is not null))
        {
            _isReviving = false;
            return;
        }

        Node.Dial(Remote, Node.DrawRank(), _ =>
        {
            if (!IsOpen || Machine.ActiveLink is not null)
            {
                _isReviving = false;
                return;
            }

            World.After(pause * (0.75 + World.Random.NextDouble() / 2), () => Revive(pause * 2 < LongestPause ? pause * 2 : LongestPause, isFirst: false));
        });
    }

    private void Reschedule()
    {
        if (Closure is not null || Machine.PollTimeout() is not { } due || (_timerDue is { } armed && armed <= due))
            return;
        _timerDue = due;
        var timer = ++_timer;
        World.At(due, () =>
        {
            if (timer != _timer || IsForgotten)
                return;
            _timerDue = null;
            Machine.HandleTimeout(World.Now);
            Settle();
        });
    }
}
