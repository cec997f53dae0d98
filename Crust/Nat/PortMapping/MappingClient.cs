using System.Net;
using Crust.Primitives;

namespace Crust.Nat.PortMapping;

/// <summary>
/// One protocol with one router: takes orders and carries them out one at a time, since small routers drop what comes in bursts. After each input, drain
/// <see cref="PollTransmit"/> and <see cref="PollAnswer"/>. Each order gets one answer, at the latest when its time is over. Pure; one thread at a time.
/// </summary>
internal abstract class MappingClient(MappingMethod method)
{
    /// <summary>Most orders that wait. Ours: the mapper has two ports and one order for each; what comes on top is dropped.</summary>
    internal const int MaxOrders = 16;

    private readonly Queue<MappingOrder> _waiting = new();
    private readonly Queue<MappingAnswer> _answers = new();

    internal MappingMethod Method => method;

    /// <summary>True when nothing is to be done.</summary>
    internal bool IsIdle => Current is null && _waiting.Count == 0;

    /// <summary>What is being done.</summary>
    protected MappingOrder? Current { get; private set; }

    /// <summary>Takes an order.</summary>
    internal void Handle(MappingOrder order, Instant now)
    {
        if (_waiting.Count < MaxOrders)
            _waiting.Enqueue(order);
        Next(now);
    }

    /// <summary>Drops everything that is not done, without answers.</summary>
    internal void Clear()
    {
        _waiting.Clear();
        _answers.Clear();
        Current = null;
    }

    /// <summary>Takes a datagram; false when it is none of this client's. Whatever it holds, it is safe to give.</summary>
    internal abstract bool HandleDatagram(IPEndPoint from, ReadOnlySpan<byte> datagram, Instant now);

    /// <summary>Time passed.</summary>
    internal abstract void HandleTimeout(Instant now);

    /// <summary>When <see cref="HandleTimeout"/> is due; null: never.</summary>
    internal abstract Instant? PollTimeout();

    /// <summary>The next datagram to send. The buffer holds 1,100 bytes at least.</summary>
    internal abstract bool PollTransmit(Span<byte> buffer, out int length, out IPEndPoint destination);

    /// <summary>The next answer.</summary>
    internal bool PollAnswer(out MappingAnswer answer) => _answers.TryDequeue(out answer!);

    /// <summary>Begins with <see cref="Current"/>.</summary>
    protected abstract void Begin(MappingOrder order, Instant now);

    /// <summary>Ends <see cref="Current"/> and begins with the next order.</summary>
    protected void Answer(MappingAnswer answer, Instant now)
    {
        _answers.Enqueue(answer);
        Current = null;
        Next(now);
    }

    /// <summary>The router began anew.</summary>
    protected void TellRestart() => _answers.Enqueue(new MappingAnswer(null, MappingAnswerKind.Restarted));

    private void Next(Instant now)
    {
        if (Current is not null || !_waiting.TryDequeue(out var order))
            return;
        Current = order;
        Begin(order, now);
    }
}
