using Crust.Session;
using Crust.Session.Links;

namespace Crust.Tests.Simulation;

/// <summary>Nothing without bound: what a session may hold, looked at after every input.</summary>
internal static class Bounds
{
    /// <summary>A message that was admitted although it is larger than the window, and slabs that one short payload keeps.</summary>
    private const long Slack = 3 * (WireLimits.MaxMessageLength + WireLimits.EntryOverhead);

    internal static void Check(SimulatedSession session)
    {
        var machine = session.Machine;
        var statistics = machine.Statistics;
        var most = session.Node.Limits.MaxWindow * 2;
        Require(session, statistics.Links <= LinkSet.MaxLinks, "links", statistics.Links);
        Require(session, statistics.SendBudget <= most, "send budget", statistics.SendBudget);
        Require(session, statistics.ReceiveWindow <= most, "receive window", statistics.ReceiveWindow);
        Require(session, statistics.Streams <= 2 * WireLimits.MaxStreams, "streams", statistics.Streams);
        Require(session, (statistics.QueuedMessages + statistics.UnacknowledgedMessages) * (long)WireLimits.EntryOverhead <= most + Slack, "entries", statistics.QueuedMessages);
        Require(session, session.Application.HeldCost <= most + Slack, "received and not consumed", session.Application.HeldCost);
        Require(session, machine.HeldBytes <= 2 * most + Slack, "arena", machine.HeldBytes);
        var memory = session.Node.Limits.Memory;
        Require(session, memory.Used >= 0 && memory.Used <= memory.Limit + session.Node.Directory.Sessions.Where(s => s.Node == session.Node).Sum(s => s.Machine.BeyondWindows), "memory of the process", memory.Used);
    }

    private static void Require(SimulatedSession session, bool holds, string what, long value)
    {
        if (!holds)
            throw new SimulationException($"{session.Node.Name}: {what} is out of bounds: {value}");
    }
}
