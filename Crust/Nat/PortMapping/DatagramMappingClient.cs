using System.Net;
using Crust.Primitives;

namespace Crust.Nat.PortMapping;

/// <summary>
/// What NAT-PMP and PCP share: requests to one UDP port of the router, repeated until they are answered, after 250 ms and twice as long each time (RFC 6886
/// §3.1; RFC 6887 §8.1.1 begins at 3 s, which is all the time there is here). Pure; one thread at a time.
/// </summary>
/// <param name="method">Which of the two.</param>
/// <param name="server">The router, port 5351 unless a test moves it. Answers count from nowhere else.</param>
internal abstract class DatagramMappingClient(MappingMethod method, IPEndPoint server) : MappingClient(method)
{
    /// <summary>The router's port for both protocols (RFC 6886 §3, RFC 6887 §19).</summary>
    internal const int DefaultPort = 5351;

    /// <summary>Longest wait for the answer to one request. Ours, as for all of port mapping.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan FirstWait = TimeSpan.FromMilliseconds(250);

    private Instant _deadline, _resend;
    private TimeSpan _wait;
    private bool _isDue;

    internal override bool HandleDatagram(IPEndPoint from, ReadOnlySpan<byte> datagram, Instant now)
    {
        if (!from.Equals(server))
            return false;
        if (Current is not { } order || !TryRead(order, datagram, now, out var answer))
            return false;
        if (answer is null)
            Ask(now);
        else
            Answer(answer, now);
        return true;
    }

    internal override void HandleTimeout(Instant now)
    {
        if (Current is not { } order)
            return;
        if (now >= _deadline)
        {
            var kind = order.Kind switch { MappingOrderKind.Probe => MappingAnswerKind.Absent, MappingOrderKind.Delete => MappingAnswerKind.Deleted, _ => MappingAnswerKind.Silent };
            Answer(new MappingAnswer(order, kind) { Failure = MappingFailure.NoAnswer }, now);
        }
        else if (now >= _resend)
        {
            _isDue = true;
            _resend = now + _wait;
            _wait *= 2;
        }
    }

    internal override Instant? PollTimeout() => Current is null ? null : Instant.Earlier(_resend, _deadline);

    internal override bool PollTransmit(Span<byte> buffer, out int length, out IPEndPoint destination)
    {
        (length, destination) = (0, server);
        if (!_isDue || Current is not { } order)
            return false;
        _isDue = false;
        length = Write(order, buffer);
        return true;
    }

    protected override void Begin(MappingOrder order, Instant now) => Ask(now);

    /// <summary>Writes the request that the order needs now.</summary>
    protected abstract int Write(MappingOrder order, Span<byte> buffer);

    /// <summary>Reads an answer; false when it is none to what was asked.</summary>
    /// <param name="order">What is being done.</param>
    /// <param name="datagram">What came from the router.</param>
    /// <param name="now">Now.</param>
    /// <param name="answer">What came of the order; null when it needs another request.</param>
    protected abstract bool TryRead(MappingOrder order, ReadOnlySpan<byte> datagram, Instant now, out MappingAnswer? answer);

    private void Ask(Instant now)
    {
        _isDue = true;
        _wait = FirstWait * 2;
        _resend = now + FirstWait;
        _deadline = now + Patience;
    }
}
