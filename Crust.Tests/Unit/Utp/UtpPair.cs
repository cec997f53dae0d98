using Crust.Buffers;
using Crust.Primitives;
using Crust.Utp;
using FluentAssertions;

namespace Crust.Tests.Unit.Utp;

/// <summary>
/// Two endpoints on a virtual clock, joined by a path of a fixed delay and rate each way, that loses, repeats and delays what a test wants. What an endpoint sends
/// is drained after each input, as a driver does.
/// </summary>
internal sealed class UtpPair
{
    internal static readonly TransportAddress LeftAddress = new(new UInt128(0, 0x0000_FFFF_0A00_0001), 4001);
    internal static readonly TransportAddress RightAddress = new(new UInt128(0, 0x0000_FFFF_0A00_0002), 4002);

    private readonly PriorityQueue<Datagram, (long Time, long Order)> _underWay = new();
    private readonly byte[] _buffer = new byte[UtpEndpoint.TransmitBufferLength];
    private readonly Dictionary<UtpConnection, List<UtpEventKind>> _events = [];
    private long _order;

    internal UtpPair(UtpOptions? left = null, UtpOptions? right = null)
    {
        Left = new UtpSide(this, LeftAddress, left ?? new UtpOptions(), 1);
        Right = new UtpSide(this, RightAddress, right ?? new UtpOptions(), 2);
    }

    internal UtpSide Left { get; }

    internal UtpSide Right { get; }

    internal Instant Now { get; private set; } = new(1_000_000);

    /// <summary>One way, in microseconds.</summary>
    internal long DelayMicroseconds { get; set; } = 10_000;

    /// <summary>Says what happens to a datagram: null loses it, else it comes that much later; twice comes twice.</summary>
    internal Func<Datagram, IEnumerable<long>> Fate { get; set; } = _ => [0];

    /// <summary>All that was sent, while it is recorded.</summary>
    internal List<Datagram>? Sent { get; set; }

    internal long Datagrams { get; private set; }

    /// <summary>Where long datagrams are gathered; null: nowhere, all are copied.</summary>
    internal GatherList? Gathered { get; set; }

    /// <summary>Trains that were gathered.</summary>
    internal int GatheredTrains { get; private set; }

    /// <summary>Connects from the left, and sends a byte each way, so that both ends are open.</summary>
    internal (UtpConnection Left, UtpConnection Right) Open()
    {
        var left = Left.Connect();
        left.Write([1]);
        Pump();
        RunUntil(() => Right.Accepted.Count > 0, 20);
        var right = Right.Accepted[^1];
        right.Read(new byte[1]);
        Pump();
        return (left, right);
    }

    internal IReadOnlyList<UtpEventKind> Events(UtpConnection connection) => _events.TryGetValue(connection, out var events) ? events : [];

    internal void ForgetEvents() => _events.Clear();

    /// <summary>Drains both sides.</summary>
    internal void Pump()
    {
        Drain(Left);
        Drain(Right);
    }

    /// <summary>A datagram from nowhere.</summary>
    internal void Inject(UtpSide to, ReadOnlySpan<byte> datagram, TransportAddress from)
    {
        to.Endpoint.Handle(datagram, from, Now);
        Drain(to);
    }

    /// <summary>Runs until it is so; fails after so many virtual seconds.</summary>
    internal void RunUntil(Func<bool> isDone, double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        Pump();
        while (!isDone())
        {
            if (!Step(end))
                throw new InvalidOperationException($"Not within {seconds} s.");
        }
    }

    internal void Run(double seconds)
    {
        var end = Now + TimeSpan.FromSeconds(seconds);
        Pump();
        while (Step(end))
        {
        }

        Now = end;
    }

    private bool Step(Instant end)
    {
        var next = Instant.Earlier(Left.Endpoint.PollTimeout(), Right.Endpoint.PollTimeout());
        if (_underWay.TryPeek(out _, out var first))
            next = Instant.Earlier(next, new Instant(first.Time));
        if (next is null || next > end)
            return false;
        if (next > Now)
            Now = next.Value;
        Left.Endpoint.HandleTimeout(Now);
        Right.Endpoint.HandleTimeout(Now);
        Pump();
        // Datagrams of one moment come as one batch, as from a socket.
        while (_underWay.TryPeek(out _, out first) && first.Time <= Now.Microseconds)
        {
            var datagram = _underWay.Dequeue();
            var to = datagram.IsFromLeft ? Right : Left;
            to.Endpoint.Handle(datagram.Bytes, datagram.IsFromLeft ? LeftAddress : RightAddress, Now);
        }

        Pump();
        return true;
    }

    private void Drain(UtpSide side)
    {
        while (true)
        {
            while (side.Endpoint.PollEvent(out var happened))
            {
                if (!_events.TryGetValue(happened.Connection, out var events))
                    _events[happened.Connection] = events = [];
                events.Add(happened.Kind);
                side.Note(happened);
            }

            if (!side.Endpoint.PollTransmit(_buffer, Gathered, Now, out var transmit))
                break;
            if (transmit.IsGathered)
            {
                GatheredTrains++;
                Gathered!.Length.Should().Be(transmit.Length);
                Gathered.CopyTo(_buffer);
            }

            for (var offset = 0; offset < transmit.Length; offset += transmit.SegmentLength)
                Send(side, new Datagram(_buffer.AsSpan(offset, Math.Min(transmit.SegmentLength, transmit.Length - offset)).ToArray(), side == Left, transmit.IsProbe));
        }
    }

    private void Send(UtpSide side, Datagram datagram)
    {
        Datagrams++;
        Sent?.Add(datagram);
        foreach (var later in Fate(datagram))
            _underWay.Enqueue(datagram, (Now.Microseconds + DelayMicroseconds + later, _order++));
    }
}
