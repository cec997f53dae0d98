using Crust.Identity;
using Crust.Primitives;
using Crust.Session;

namespace Crust.Tests.Unit.Session;

/// <summary>Two machines joined by an ordered pipe of records in memory, under a clock that only the test moves.</summary>
internal sealed class SessionPair
{
    internal const string Protocol = "test/echo";

    private static readonly PeerIdentity IdentityA = PeerIdentity.FromSeed(Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly PeerIdentity IdentityB = PeerIdentity.FromSeed(Enumerable.Repeat((byte)2, 32).ToArray());

    internal SessionPair(bool signed = true, SessionLimits? limits = null) : this(signed, signed, limits)
    {
    }

    internal SessionPair(bool aSigned, bool bSigned, SessionLimits? limits = null)
    {
        A = new SessionEnd(new SessionMachine(Parameters(true, aSigned, bSigned, limits), Now));
        B = new SessionEnd(new SessionMachine(Parameters(false, bSigned, aSigned, limits), Now));
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

    internal SendResult Send(SessionEnd end, byte[] payload, long token = 0, byte priority = 0, string protocol = Protocol) =>
        end.Machine.TrySend(protocol, priority, payload, token, Now);

    /// <summary>Polls and delivers until both ends are silent, without time passing.</summary>
    internal void Run()
    {
        while (Write(A) | Write(B) | DeliverOne(A, B) | DeliverOne(B, A))
        {
        }
    }

    /// <summary>Lets time pass, stopping at each deadline of either end on the way.</summary>
    internal void Advance(TimeSpan time)
    {
        var end = Now + time;
        Run();
        while (Instant.Earlier(A.Machine.PollTimeout(), B.Machine.PollTimeout()) is { } deadline && deadline <= end)
        {
            if (deadline > Now)
                Now = deadline;
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
        A.DrainEvents();
        B.DrainEvents();
    }

    /// <summary>The link is lost with everything on it, and another one stands.</summary>
    internal void ChangeLink()
    {
        A.Outbox.Clear();
        B.Outbox.Clear();
        A.Machine.HandleLinkChanged(Now);
        B.Machine.HandleLinkChanged(Now);
    }

    /// <summary>Polls one record of an end into its outbox.</summary>
    internal bool PollOne(SessionEnd end) => end.PollOne(RecordLength, Now, UnixMilliseconds);

    /// <summary>Hands over the oldest record; false when there is none.</summary>
    internal bool DeliverOne(SessionEnd from, SessionEnd to)
    {
        if (!from.Outbox.TryDequeue(out var record))
            return false;
        to.Machine.Handle(record, Now);
        to.DrainEvents();
        return true;
    }

    /// <summary>Polls an end until it is silent.</summary>
    internal bool Write(SessionEnd end)
    {
        end.DrainEvents();
        var any = false;
        while (PollOne(end))
            any = true;
        return any;
    }
}
