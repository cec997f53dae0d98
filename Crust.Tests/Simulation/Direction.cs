using Crust.Primitives;
using Crust.Session;

namespace Crust.Tests.Simulation;

/// <summary>
/// The checker of one direction of one session: what was sent, in the order of each protocol and priority, and what became of it. Once and in order; one
/// outcome for each token; what was not sent is not delivered, and had waited for long enough or lost its session; what was acknowledged is.
/// </summary>
internal sealed class Direction(string name)
{
    private readonly Dictionary<(string Protocol, byte Priority), Queue<SentMessage>> _flows = [];
    private readonly Dictionary<long, SentMessage> _open = [];
    private readonly Dictionary<ulong, (int Count, byte[] Signature)> _statements = [];
    private readonly HashSet<long> _datagrams = [];
    private ulong _statedThrough;

    internal int Delivered { get; private set; }

    /// <summary>What its sender wrote of it.</summary>
    internal Tally Tally { get; } = new();

    /// <summary>The cost of all messages that were queued, but for those that were dropped.</summary>
    internal long SentCost { get; private set; }

    /// <summary>The cost of the longest of them.</summary>
    internal long LargestCost { get; private set; }

    /// <summary>Messages that were dropped unsent while the session went on.</summary>
    internal long DroppedMessages { get; private set; }

    /// <summary>Messages that wait for an outcome.</summary>
    internal int Open => _open.Count;

    /// <summary>Statements seen on the wire.</summary>
    internal int Statements => _statements.Count;

    internal void Sent(SentMessage message)
    {
        if (!_flows.TryGetValue((message.Protocol, message.Priority), out var flow))
            _flows[(message.Protocol, message.Priority)] = flow = new Queue<SentMessage>();
        flow.Enqueue(message);
        SentCost += WireLimits.Cost(message.Length);
        LargestCost = Math.Max(LargestCost, WireLimits.Cost(message.Length));
        if (message.HasToken)
            _open.Add(message.Id, message);
    }

    /// <summary>The receiver got a message: it must be the next of its flow.</summary>
    internal SentMessage TakeDelivered(string protocol, byte priority, ReadOnlySpan<byte> payload)
    {
        var flow = _flows.GetValueOrDefault((protocol, priority));
        SentMessage? next = null;
        // What was dropped unsent is never delivered.
        while (flow is not null && flow.TryDequeue(out next) && next.Outcome == SessionEventKind.NotSent)
            next = null;
        if (next is null || next.Length != payload.Length || !Content.IsMessage(payload, next.Id))
        {
            throw new SimulationException(
                $"{name}: delivered {payload.Length} bytes (id {Content.IdOf(payload)}) of {protocol}, priority {priority}, where {next?.ToString() ?? "nothing"} was due");
        }

        next.IsDelivered = true;
        Delivered++;
        return next;
    }

    /// <summary>The sender heard what became of a message.</summary>
    /// <param name="token">Which one.</param>
    /// <param name="kind">What.</param>
    /// <param name="now">Now.</param>
    /// <param name="isOver">Whether its session is over: only then anything may be lost, or its fate unknown.</param>
    internal void Outcome(long token, SessionEventKind kind, Instant now, bool isOver)
    {
        if (!_open.Remove(token, out var message))
            throw new SimulationException($"{name}: outcome {kind} of token {token}, which has none to come");
        message.Outcome = kind;
        if (kind == SessionEventKind.NotSent && message.IsDelivered)
            throw new SimulationException($"{name}: {message} was delivered, and its sender heard that it was not sent");
        if (kind == SessionEventKind.NotSent && !isOver)
            Dropped(message, now);
        if (kind == SessionEventKind.OutcomeUnknown && !isOver)
            throw new SimulationException($"{name}: {message} was reported as of unknown outcome, and its session goes on");
        if (kind == SessionEventKind.Acknowledged && (!message.IsDelivered || message.IsRefused))
            throw new SimulationException($"{name}: {message} was acknowledged, but it was {(message.IsRefused ? "refused" : "not delivered")}");
        if (kind == SessionEventKind.Refused && !message.IsRefused)
            throw new SimulationException($"{name}: {message} was reported as refused, and nobody did");
    }

    private void Dropped(SentMessage message, Instant now)
    {
        if (message.StaleAt is not { } stale)
            throw new SimulationException($"{name}: {message} was dropped, which none of its priority is");
        if (now < stale)
            throw new SimulationException($"{name}: {message} was dropped {(stale - now).TotalSeconds:F1} s before it may be");
        DroppedMessages++;
        SentCost -= WireLimits.Cost(message.Length);
    }

    /// <summary>The sender's session is over: every token must have had its outcome.</summary>
    internal void Ended()
    {
        if (_open.Count > 0)
            throw new SimulationException($"{name}: the session ended and {_open.Values.First()} has no outcome");
    }

    /// <summary>A statement was written to a record: the same as before for its numbers, or the next.</summary>
    internal void Stated(ulong first, int count, ReadOnlySpan<byte> signature)
    {
        if (_statements.TryGetValue(first, out var known))
        {
            if (known.Count != count || !signature.SequenceEqual(known.Signature))
                throw new SimulationException($"{name}: two statements over number {first}: an equivocation");
            return;
        }

        if (first != _statedThrough + 1)
            throw new SimulationException($"{name}: a statement from {first} on, where {_statedThrough + 1} was due");
        _statements.Add(first, (count, signature.ToArray()));
        _statedThrough = first + (ulong)count - 1;
    }

    internal void SentDatagram(long id) => _datagrams.Add(id);

    internal void DeliveredDatagram(ReadOnlySpan<byte> payload)
    {
        if (Content.IdOf(payload) is not { } id || !_datagrams.Remove(id) || !Content.IsMessage(payload, id))
            throw new SimulationException($"{name}: a datagram of {payload.Length} bytes (id {Content.IdOf(payload)}) that nobody sent, or that came before");
    }

    /// <summary>The network has been whole for long enough: nothing may be missing.</summary>
    internal void RequireDelivered()
    {
        foreach (var message in _flows.Values.SelectMany(f => f))
        {
            if (message.Outcome != SessionEventKind.NotSent)
                throw new SimulationException($"{name}: {message} was never delivered");
        }

        if (_open.Count > 0)
            throw new SimulationException($"{name}: {_open.Values.First()} never had an outcome");
    }
}
