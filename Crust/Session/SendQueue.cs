using System.Diagnostics.CodeAnalysis;
using Crust.Primitives;

namespace Crust.Session;

/// <summary>
/// Messages that were never written: strictly by priority, first in first out within one. Its bound is the <see cref="SendBudget"/>. A lower
/// priority waits as long as a higher one has anything: priorities are for few urgent messages.
/// </summary>
internal sealed class SendQueue(TimeSpan maxAge)
{
    /// <summary>The first priority whose messages grow stale: the more urgent ones must arrive however late.</summary>
    private const int FirstDroppable = 2;

    private readonly Queue<OutboundMessage>[] _queues = [new(), new(), new(), new()];

    internal int Count { get; private set; }

    /// <summary>When <see cref="TryDequeueStale"/> has something.</summary>
    internal Instant? Deadline
    {
        get
        {
            Instant? deadline = null;
            for (var priority = FirstDroppable; priority < _queues.Length; priority++)
            {
                if (_queues[priority].TryPeek(out var message))
                    deadline = Instant.Earlier(deadline, message.QueuedAt + maxAge);
            }

            return deadline;
        }
    }

    internal void Enqueue(OutboundMessage message)
    {
        _queues[message.Priority].Enqueue(message);
        Count++;
    }

    internal bool TryPeek([NotNullWhen(true)] out OutboundMessage? message)
    {
        foreach (var queue in _queues)
        {
            if (queue.TryPeek(out message))
                return true;
        }

        message = null;
        return false;
    }

    internal bool TryDequeue([NotNullWhen(true)] out OutboundMessage? message)
    {
        foreach (var queue in _queues)
        {
            if (!queue.TryDequeue(out message))
                continue;
            Count--;
            return true;
        }

        message = null;
        return false;
    }

    /// <summary>Takes out a message of low priority that has waited too long.</summary>
    internal bool TryDequeueStale(Instant now, [NotNullWhen(true)] out OutboundMessage? message)
    {
        for (var priority = FirstDroppable; priority < _queues.Length; priority++)
        {
            if (!_queues[priority].TryPeek(out message) || message.QueuedAt + maxAge > now)
                continue;
            _queues[priority].Dequeue();
            Count--;
            return true;
        }

        message = null;
        return false;
    }
}
