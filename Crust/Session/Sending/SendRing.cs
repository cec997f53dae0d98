using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>
/// The flows of one priority that have something to send, in turn, each with the same share of bytes (deficit round robin, Shreedhar and Varghese
/// 1995): a protocol of long messages does not slow one of short ones.
/// </summary>
internal sealed class SendRing
{
    /// <summary>Cost that a flow may send in a turn. Ours: a record.</summary>
    private const long Quantum = 16 << 10;

    private readonly RingBuffer<SendFlow> _flows = new();

    /// <summary>Bytes served in all: what <see cref="SendScheduler"/> balances the rings of a priority by.</summary>
    internal long Served { get; set; }

    internal bool IsEmpty => _flows.Count == 0;

    /// <summary>The flow whose turn it is; null when there is none.</summary>
    internal SendFlow? Current => _flows.Count == 0 ? null : _flows[0];

    internal void Add(SendFlow flow)
    {
        if (flow.IsInRing)
            return;
        flow.IsInRing = true;
        flow.Deficit = Quantum;
        _flows.Add(flow);
    }

    /// <summary>The current flow is empty or held back: it leaves.</summary>
    internal void RemoveCurrent()
    {
        _ = _flows.TryTake(out var flow);
        flow.IsInRing = false;
    }

    /// <summary>The current flow sent an entry of this cost.</summary>
    internal void Charge(long cost)
    {
        Served += cost;
        if (_flows.Count == 1)
            return;
        _flows[0].Deficit -= cost;
        while (_flows[0].Deficit <= 0)
        {
            _ = _flows.TryTake(out var flow);
            flow.Deficit += Quantum;
            _flows.Add(flow);
        }
    }
}
