using Crust.Buffers;
using Crust.Session;
using Crust.Session.Frames;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>
/// Nothing without bound: what a session may hold, looked at after every input, and what it lets the other end send, looked at in every record. Bounds are those
/// of the windows as they stand, which <see cref="SessionLimits"/> bounds in turn; what is held is counted here, from the wire and from what applications do.
/// </summary>
internal static class Bounds
{
    /// <summary>So many bytes an arena holds at most for each that the windows admit: what it promises of the most that was leased, and what is leased now.</summary>
    private const int ArenaFactor = PayloadArena.MaxSpread + 1;

    /// <summary>What an arena may hold besides: one of each direction and of datagrams.</summary>
    private const long ArenaSlabs = 3 * (PayloadArena.Floor + PayloadArena.MaxSlab);

    /// <summary>What begun entries may have beyond the window: the longest in each priority.</summary>
    private static readonly long MaxMessagesBeyond = WireLimits.PriorityCount * WireLimits.Cost(WireLimits.MaxMessageLength);

    /// <inheritdoc cref="MaxMessagesBeyond"/>
    private static readonly long MaxStreamsBeyond = WireLimits.PriorityCount * WireLimits.Cost(WireLimits.MaxStreamChunk);

    /// <summary>The other end's streams as this end sees them: it has not heard yet of the end of some.</summary>
    private const int MaxRemoteStreams = 2 * WireLimits.MaxStreams;

    /// <summary>Entries of a stream without data that wait to be written or acknowledged: an opening, a finish, a reset and a stop.</summary>
    private const int ControlsPerStream = 4;

    internal static void Check(SimulatedSession session)
    {
        var limits = session.Node.Limits;
        var statistics = session.Machine.Statistics;
        Require(session, statistics.Links <= LinkSet.MaxLinks, "links", statistics.Links);
        // Each is the sum of two: messages and streams.
        Require(session, statistics.SendBudget <= 2 * limits.MaxWindow, "send budget", statistics.SendBudget);
        Require(session, statistics.ReceiveWindow <= 2 * limits.MaxWindow, "receive window", statistics.ReceiveWindow);
        CheckMemory(session.Node);
        if (!session.IsOpen || session.Machine.IsClosed)
            return;
        var own = session.Application.OwnStreams;
        Require(session, own <= WireLimits.MaxStreams, "streams of its own", own);
        Require(session, statistics.Streams - own <= MaxRemoteStreams, "streams of the other end", statistics.Streams - own);
        Require(session, session.Outward.DroppedMessages == statistics.MessagesDropped, "dropped messages that nobody heard of", statistics.MessagesDropped);
        CheckSending(session, statistics);
        CheckArena(session, statistics);
    }

    /// <summary>An acknowledgement was written: the credit in it is what the application consumed and a window, or what something begun still needs.</summary>
    internal static void Check(SimulatedSession session, in AcknowledgeFrame frame)
    {
        var sent = session.Inward.Tally;
        Require(session, frame.Through <= sent.LastNumber, "acknowledged numbers", (long)frame.Through);
        var windows = WindowsOf(session);
        var (application, verified, begun) = (session.Application, sent.Through(frame.Through), sent.Begun);
        session.MessageCredit = Check(
            session, "credit of messages", session.MessageCredit, frame.MessageCredit, windows, verified.Messages + sent.ReturnedMessages - application.HeldMessages, begun.Messages + sent.ReturnedMessages, MaxMessagesBeyond);
        session.StreamCredit = Check(
            session, "credit of streams", session.StreamCredit, frame.StreamCredit, windows, verified.Streams + sent.ReturnedStreams - application.HeldStreamData, begun.Streams + sent.ReturnedStreams, MaxStreamsBeyond);
    }

    /// <summary>The credit of one stream was written.</summary>
    internal static void Check(SimulatedSession session, in StreamCreditFrame frame)
    {
        var id = frame.Stream;
        var traffic = session.Application.Streams.Last(s => s.Stream.Id == id);
        var window = session.Machine.IsClosed ? session.Node.Limits.MaxStreamWindow : traffic.Stream.Inbound.Window.Size;
        Require(session, window <= session.Node.Limits.MaxStreamWindow, "window of a stream", window);
        Require(session, (long)frame.Limit <= traffic.Consumed + window, "credit of a stream", (long)frame.Limit - traffic.Consumed);
    }

    private static long Check(SimulatedSession session, string what, long before, long credit, long windows, long consumed, long begun, long beyond)
    {
        // The window of the other kind is the smallest at least.
        var window = windows - WireLimits.InitialWindow;
        Require(session, credit >= before, what, credit);
        Require(session, credit == before || credit <= Math.Max(consumed + window, Math.Min(begun, consumed + window + beyond)), what, credit - consumed);
        return credit;
    }

    /// <summary>The windows by which a record was written. The last may have ended the session, and its windows with it.</summary>
    private static long WindowsOf(SimulatedSession session) =>
        session.Machine.IsClosed ? session.Node.Limits.MaxWindow + WireLimits.InitialWindow : session.Machine.Statistics.ReceiveWindow;

    /// <summary>What all sessions of a process have beyond their smallest windows is what they took of its memory, no more and no less; only what is to end is never refused.</summary>
    private static void CheckMemory(SimulatedNode node)
    {
        var (grown, begun) = (0L, 0L);
        foreach (var session in node.Sessions)
        {
            var statistics = session.Machine.Statistics;
            begun += session.Machine.BeyondWindows;
            grown += statistics.SendBudget + statistics.ReceiveWindow - 4 * WireLimits.InitialWindow;
        }

        var memory = node.Limits.Memory;
        if (memory.Used != grown + begun || grown > memory.Limit)
            throw new SimulationException($"{node.Name}: windows of {grown} and {begun} bytes are out of bounds: {memory.Used} of the process's {memory.Limit} are taken");
    }

    /// <summary>What is queued and retained: the budget of its kind, and one message that was admitted when nothing else was held and counts as half of it.</summary>
    private static void CheckSending(SimulatedSession session, in SessionStatistics statistics)
    {
        var tally = session.Outward.Tally;
        var budget = statistics.SendBudget - WireLimits.InitialWindow;
        var acknowledged = tally.Through(tally.LastNumber - (ulong)statistics.UnacknowledgedMessages);
        var messages = session.Outward.SentCost - acknowledged.Messages;
        var retained = tally.Begun - acknowledged;
        var alone = Alone(session.Outward);
        Require(session, messages <= budget + alone, "messages queued and retained", messages);
        Require(session, retained.StreamData <= budget, "bytes of streams retained", retained.StreamData);
        // Some of what is left of streams that are over: as many as may be open, at most.
        var controls = ControlsPerStream * (statistics.Streams + WireLimits.MaxStreams);
        var entries = statistics.QueuedMessages + statistics.UnacknowledgedMessages - controls;
        Require(session, entries * (long)WireLimits.EntryOverhead <= statistics.SendBudget, "entries", entries);
    }

    private static void CheckArena(SimulatedSession session, in SessionStatistics statistics)
    {
        var held = session.Machine.HeldBytes;
        var admitted = statistics.SendBudget + statistics.ReceiveWindow + Alone(session.Outward) + (WireLimits.PriorityCount * session.Inward.LargestCost) + session.Application.HeldDatagrams;
        Require(session, held <= (ArenaFactor * admitted) + ArenaSlabs, "arena", held);
    }

    private static long Alone(Direction direction) => direction.LargestCost > WireLimits.InitialWindow / 2 ? direction.LargestCost : 0;

    private static void Require(SimulatedSession session, bool holds, string what, long value)
    {
        if (!holds)
            throw new SimulationException($"{session.Node.Name}: {what} is out of bounds: {value}");
    }
}
