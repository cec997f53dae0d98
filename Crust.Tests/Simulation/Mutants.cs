namespace Crust.Tests.Simulation;

/// <summary>The bugs that the simulator must find within 200 seeds: one of each kind that was thought of, and each that it has found.</summary>
internal static class Mutants
{
    private const string Assembler = "Session/Receiving/EntryAssembler.cs";
    private const string Receiving = "Session/Receiving/ReceivingHalf.cs";
    private const string Sending = "Session/Sending/SendingHalf.cs";
    private const string Scheduler = "Session/Sending/SendScheduler.cs";
    private const string Budget = "Session/Sending/SendBudget.cs";
    private const string Window = "Session/Receiving/ReceiveWindow.cs";
    private const string Ledger = "Session/Sending/SendLedger.cs";
    private const string Links = "Session/Links/LinkSet.cs";
    private const string Streams = "Session/Streams/StreamTable.cs";
    private const string Circuits = "Session/Circuits/CircuitSet.cs";

    internal static readonly Mutant[] Planted =
    [
        new("a retransmit is skipped", Ledger, "_next = AcknowledgedThrough + 1;\n        _nextBatch = 0;", "_next = Math.Min(AcknowledgedThrough + 2, LastNumber + 1);\n        _nextBatch = 0;"),
        new("records of an old link count", "Session/SessionMachine.cs", "if (!_links.Carries(link))", "if (link.IsUnwanted)"),
        new("a duplicate is forgotten", Assembler, "var isDuplicate = frame.Number <= verifiedThrough;", "var isDuplicate = frame.Number < verifiedThrough;"),
        new("a message is delivered before its statement", Receiving, "if (_verifier is null)\n        {\n            Deliver", "if (_verifier is null || entry.Length < 64)\n        {\n            Deliver"),
        new("an acknowledgement covers what is not verified", Receiving, "new AcknowledgeFrame(_verifiedThrough,", "new AcknowledgeFrame(_verifiedThrough + (ulong)_unverified.Count,"),
        new("what was paid on a lost link is paid again", Sending, "if (entry is not null)\n                entry.Written = 0;", "if (entry is not null)\n                (entry.Written, entry.Paid) = (0, 0);"),
        new("credit is not refunded to the receiver", Assembler, "window.Refund(WireLimits.Cost(entry.Filled));", ""),
        new("a stream's finish is lost with the link", "Session/Streams/InboundStream.cs", "HasArrivedEnd = IsEnded;", ""),
        new("a generation is promised twice", "Session/Links/GenerationCounter.cs", "return next;", "return Math.Max(1, next / 2);"),
        new("a refusal is lost with the link", "Session/Receiving/RefusalList.cs", "internal void HandleLinkChanged() => _next = 0;", "internal void HandleLinkChanged() => _next = _refusals.Count;"),
        new("an outcome is told twice", Sending, "_events.Enqueue(new SessionEvent(kind, entry.Token, Code: code));\n        entry.Token = 0;", "_events.Enqueue(new SessionEvent(kind, entry.Token, Code: code));"),
        new("what was not acknowledged counts as not sent", Sending, "Strand(_ledger.At(i), SessionEventKind.OutcomeUnknown);", "Strand(_ledger.At(i), SessionEventKind.NotSent);"),
        new("a nonce names two sessions", "Session/Admission/PeerSlot.cs", "OwnNonce = nextNonce;", ""),
        new("a payload is not given back", Sending, "_arena.Return(entry.Payload);\n        _pool.Return(entry, BudgetLimit);", "_pool.Return(entry, BudgetLimit);"),
        new("a payload is given back too early", Receiving, "keeps)\n            {", "keeps || entry.Length > 900)\n            {"),
        new("a resent entry is another", Ledger, "_next = Math.Max(_next, AcknowledgedThrough + 1);", "_next = Math.Max(_next, AcknowledgedThrough + 2);"),
        new("a priority waits behind a lower one's fragments for ever", Sending, "for (var lane = 0; lane < WireLimits.PriorityCount; lane++)\n        {\n            var entry = _lanes[lane];", "for (var lane = 0; lane < WireLimits.PriorityCount - 1; lane++)\n        {\n            var entry = _lanes[lane];"),
        new("memory of the process is kept at the end", Budget, "limits.Memory.Release(_limit - WireLimits.InitialWindow);", ""),
        new("a circuit spends more than its credit", Circuits, "circuit.Sent += length;", "circuit.Sent += length / 2;"),
        new("a circuit outlives the link that it rode on", Circuits, "foreach (var circuit in _circuits.Values.ToList())\n            Forget(circuit);", ""),
        new("a message is dropped before its time", Scheduler, "flow.Entries[0].QueuedAt + _maxAge;", "flow.Entries[0].QueuedAt + _maxAge / 2;"),
        new("a message of high priority grows stale", Scheduler, "FirstStalePriority = 2;", "FirstStalePriority = 1;"),
        new("more is queued than the budget admits", Budget, "Used == 0 || Counted + cost <= _limit;", "Used == 0 || Counted + cost <= _limit * 2;"),
        new("a budget grows without the process's memory", Budget, " || !limits.Memory.TryGrow(_limit))", ")"),
        new("credit goes beyond the window", Window, "Math.Max(_consumed + Size, ", "Math.Max(_consumed + Size + Size / 4, "),
        new("a window grows beyond the largest", Window, "&& Size * 2 <= _max &&", "&& Size <= _max &&"),
        new("silence ends a session too soon", Links, "_lastSign + limits.IdleTimeout", "_lastSign + limits.IdleTimeout / 2"),
    ];

    /// <summary>What stood there before the simulator found it.</summary>
    internal static readonly Mutant[] Found =
    [
        new("frames of an earlier time on the same link count", Links, "link.AwaitedEcho = generation;", "link.AwaitedEcho = 0;"),
        new("a half resent entry goes on in the middle", Ledger, "if (TryPeekEntry(out var half))\n            half.Written = 0;\n        _next = AcknowledgedThrough + 1;", "_next = AcknowledgedThrough + 1;\n        if (TryPeekEntry(out var half))\n            half.Written = 0;"),
        new("the rest of a duplicate that is left out blocks its lane", Assembler, "if (!entry.IsDuplicate)\n            return false;\n        Return(entry);", "return false;\n        Return(entry);"),
        new("a reset stands behind data that it discarded", "Session/Sending/BatchGatherer.cs", "(entry.Protocol.Name, entry.Stream?.WrittenThrough ?? 0)", "(entry.Protocol.Name, entry.Offset)"),
        new("a stop finds its stream over", Streams, "_ = Find(entry.Shape.Stream, out var isKnown);\n            return isKnown;", "return _streams.ContainsKey(entry.Shape.Stream);"),
        new("a stop after the finish leaves the data in the queue", Sending, "if (!stream.IsEnded || stream.Flow.HasFinish)", "if (!stream.IsEnded)"),
        new("credit names a stream that the remote does not know", Streams, "if (!stream.Inbound.IsEnded && stream.Inbound.Window.Granted > WireLimits.InitialStreamWindow)", "if (!stream.Inbound.IsEnded)"),
        new("a window grows after its end", Window, "if (_isOver)\n            return;", ""),
    ];
}
