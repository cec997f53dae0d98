using Crust.Identity;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Links;
using Crust.Session.Streams;

namespace Crust.Tests.Unit.Session;

/// <summary>
/// Two machines joined by links in memory, under a clock that only the test moves. <see cref="A"/> has the lower id. Begins with one direct link that
/// carries the session, unless told otherwise.
/// </summary>
internal sealed class SessionPair
{
    internal const string Protocol = "test/echo";

    /// <summary>The keys of these seeds are in the other order.</summary>
    private static readonly PeerIdentity IdentityA = PeerIdentity.FromSeed(Enumerable.Repeat((byte)2, 32).ToArray());
    private static readonly PeerIdentity IdentityB = PeerIdentity.FromSeed(Enumerable.Repeat((byte)1, 32).ToArray());

    private readonly List<PairLink> _links = [];

    internal SessionPair(bool signed = true, SessionLimits? limits = null) : this(signed, signed, limits)
    {
    }

    internal SessionPair(bool aSigned, bool bSigned, SessionLimits? limits = null)
        : this(Parameters(true, aSigned, bSigned, limits), Parameters(false, bSigned, aSigned, limits))
    {
    }

    internal SessionPair(SessionParameters a, SessionParameters b, bool linked = true)
    {
        A = new SessionEnd(new SessionMachine(a, Now));
        B = new SessionEnd(new SessionMachine(b, Now));
        if (!linked)
            return;
        AddPromised();
        Run();
        A.Events.Clear();
        B.Events.Clear();
    }

    internal SessionEnd A { get; }

    internal SessionEnd B { get; }

    internal Instant Now { get; private set; } = new(1_000_000);

    /// <summary>The wall clock: tied to the virtual one.</summary>
    internal ulong UnixMilliseconds => 1_700_000_000_000 + (ulong)(Now.Microseconds / 1000);

    internal int RecordLength { get; set; } = 16 << 10;

    /// <summary>What the handshake of either end would give.</summary>
    internal static SessionParameters Parameters(bool first, bool sendSigned = true, bool receiveSigned = true, SessionLimits? limits = null) => new(
        first ? IdentityA : IdentityB,
        (first ? IdentityB : IdentityA).Id,
        NetworkId.FromName("test"),
        [.. Enumerable.Repeat((byte)0x5E, 32)],
        [.. Enumerable.Repeat((byte)0x5A, 32)],
        sendSigned,
        receiveSigned,
        limits ?? SessionLimits.Default);

    internal SessionEnd Other(SessionEnd end) => end == A ? B : A;

    internal SendResult Send(SessionEnd end, ReadOnlySpan<byte> payload, long token = 0, byte priority = 0, string protocol = Protocol) =>
        end.Machine.TrySend(protocol, priority, payload, [], token, Now);

    internal SessionStream Open(SessionEnd end, byte priority = 1, string protocol = Protocol) =>
        end.Machine.OpenStream(protocol, priority, Now, out _) ?? throw new InvalidOperationException("No stream.");

    /// <summary>Writes all of it, delivering whenever there is no room; false when the other end does not make any.</summary>
    internal bool WriteAll(SessionEnd end, SessionStream stream, ReadOnlySpan<byte> bytes)
    {
        var idle = 0;
        while (!bytes.IsEmpty)
        {
            var taken = end.Machine.Write(stream, bytes, Now);
            if (taken < 0)
                throw new InvalidOperationException("The direction has ended.");
            bytes = bytes[taken..];
            if (taken > 0)
            {
                idle = 0;
                continue;
            }

            Advance(TimeSpan.FromMilliseconds(30));
            if (++idle == 4)
                return false;
        }

        return true;
    }

    /// <summary>Hands a record to an end, over its newest link or the one named.</summary>
    internal bool Handle(SessionEnd end, byte[] record, LinkEnd? link = null)
    {
        var goesOn = end.Machine.Handle((link ?? end.Newest).Handle, record, Now);
        end.DrainEvents(Now);
        return goesOn;
    }

    /// <summary>A link stands at both ends. Which generation was promised to it, if any, is for the test to say.</summary>
    internal PairLink AddLink(LinkRank rank = LinkRank.Direct, uint promised = 0)
    {
        var link = NewLink(rank, promised);
        Join(A, link);
        Join(B, link);
        return link;
    }

    /// <summary>A link that neither end has yet.</summary>
    internal PairLink NewLink(LinkRank rank = LinkRank.Direct, uint promised = 0)
    {
        var link = new PairLink { Rank = rank, Promised = promised };
        _links.Add(link);
        return link;
    }

    /// <summary>The link stands at one end. What the other writes waits until then.</summary>
    internal LinkEnd Join(SessionEnd end, PairLink link)
    {
        var handle = end.Machine.AddLink(link.Rank, link.Promised, Now);
        var added = new LinkEnd(link, handle);
        handle.Tag = added;
        if (end == A)
            link.A = added;
        else
            link.B = added;
        end.Links.Add(added);
        end.DrainEvents(Now);
        return added;
    }

    /// <summary>A link stands at both ends, and A promised what a responder would.</summary>
    internal PairLink AddPromised(LinkRank rank = LinkRank.Direct) => AddLink(rank, A.Machine.Promise(rank, Now));

    /// <summary>A link is gone with everything on it, and both ends notice.</summary>
    internal void Lose(PairLink link)
    {
        link.Empty();
        Notice(A, link.A);
        Notice(B, link.B);
    }

    /// <summary>One end notices that a link is gone; what it wrote before may still arrive.</summary>
    internal void Notice(SessionEnd end, LinkEnd link)
    {
        link.IsGone = true;
        end.Machine.RemoveLink(link.Handle, Now);
        end.DrainEvents(Now);
    }

    /// <summary>Measures the round trip of the link that carries the session.</summary>
    internal void Measure(SessionEnd end)
    {
        end.Machine.RequestPing();
        Advance(TimeSpan.FromSeconds(4));
    }

    /// <summary>The link is lost with everything on it, and another one stands.</summary>
    internal PairLink ChangeLink()
    {
        foreach (var link in _links.Where(l => !l.A.IsGone || !l.B.IsGone).ToList())
            Lose(link);
        _links.Clear();
        return AddPromised();
    }

    /// <summary>Polls and delivers what is due until both ends are silent, without time passing.</summary>
    internal void Run()
    {
        while (Write(A) | Write(B) | DeliverDue() | CloseUnwanted())
        {
        }
    }

    /// <summary>Lets time pass, stopping at each deadline of either end and each arrival on the way.</summary>
    internal void Advance(TimeSpan time)
    {
        var end = Now + time;
        Run();
        while (Next() is { } next && next <= end)
        {
            if (next > Now)
                Now = next;
            Timeout();
            Run();
        }

        Now = end;
        Timeout();
        Run();
    }

    /// <summary>Moves the clock and nothing else.</summary>
    internal void Skip(TimeSpan time) => Now += time;

    internal void Timeout()
    {
        A.Machine.HandleTimeout(Now);
        B.Machine.HandleTimeout(Now);
        A.DrainEvents(Now);
        B.DrainEvents(Now);
    }

    /// <summary>Polls one record of an end into the outbox of a link, of the newest if none is named.</summary>
    internal bool PollOne(SessionEnd end, LinkEnd? link = null) => end.PollOne(link ?? end.Newest, RecordLength, Now, UnixMilliseconds);

    /// <summary>Hands over the oldest record of a link, due or not; of the first that has one if none is named. False when there is none.</summary>
    internal bool DeliverOne(SessionEnd from, LinkEnd? over = null)
    {
        var link = over ?? from.Links.Find(l => l.Outbox.Count > 0 && !l.Link.IsStalled);
        if (link is null || !link.Outbox.TryDequeue(out var flight))
            return false;
        var target = link.Link.Other(link);
        if (target is { IsGone: false })
            Handle(Other(from), flight.Record, target);
        return true;
    }

    /// <summary>Polls all links of an end until it is silent.</summary>
    internal bool Write(SessionEnd end)
    {
        end.DrainEvents(Now);
        var any = false;
        for (var i = 0; i < end.Links.Count; i++)
        {
            while (!end.Links[i].IsGone && PollOne(end, end.Links[i]))
                any = true;
        }

        return any;
    }

    private Instant? Next()
    {
        var next = Instant.Earlier(A.Machine.PollTimeout(), B.Machine.PollTimeout());
        foreach (var link in _links)
        {
            if (link.IsStalled)
                continue;
            if (link.A is { } a && link.B is not null && a.Outbox.TryPeek(out var fromA))
                next = Instant.Earlier(next, fromA.Due);
            if (link.B is { } b && link.A is not null && b.Outbox.TryPeek(out var fromB))
                next = Instant.Earlier(next, fromB.Due);
        }

        return next;
    }

    private bool DeliverDue()
    {
        var any = false;
        foreach (var link in _links.ToList())
        {
            if (link.A is null || link.B is null)
                continue;
            any |= DeliverDue(A, link.A);
            any |= DeliverDue(B, link.B);
        }

        return any;
    }

    private bool DeliverDue(SessionEnd from, LinkEnd link) =>
        !link.Link.IsStalled && link.Outbox.TryPeek(out var flight) && flight.Due <= Now && DeliverOne(from, link);

    /// <summary>A driver closes a link that its machine gave up; the other end notices when all that was written has arrived.</summary>
    private bool CloseUnwanted()
    {
        var any = false;
        foreach (var link in _links)
        {
            if (link.A is null || link.B is null)
                continue;
            any |= CloseUnwanted(A, link.A, B);
            any |= CloseUnwanted(B, link.B, A);
        }

        _links.RemoveAll(l => l.A is { IsGone: true } && l.B is { IsGone: true });
        return any;
    }

    private bool CloseUnwanted(SessionEnd end, LinkEnd link, SessionEnd otherEnd)
    {
        var any = false;
        if (link.Handle.IsUnwanted && !link.IsGone)
        {
            Notice(end, link);
            any = true;
        }

        var other = link.Link.Other(link);
        if (!link.Handle.IsUnwanted || other.IsGone || link.Outbox.Count > 0 || link.Link.IsStalled)
            return any;
        Notice(otherEnd, other);
        return true;
    }
}
