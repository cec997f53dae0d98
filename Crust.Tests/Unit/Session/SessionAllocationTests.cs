using Crust.Primitives;
using Crust.Session;
using Crust.Session.Links;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

/// <summary>Two machines, joined without anything that allocates: what a message costs beside the batch that signs it.</summary>
[Collection(Alone.Name)]
public class SessionAllocationTests(ITestOutputHelper output)
{
    private const int Messages = 1000;

    private readonly byte[] _record = new byte[64 << 10];
    private Instant _now = new(1_000_000);
    private int _received, _acknowledged;

    /// <summary>A batch of 1,000 costs its signed statement and, where it is kept, its evidence of 48 bytes a message.</summary>
    [Theory]
    [InlineData(false, false, 1)]
    [InlineData(true, false, 2)]
    [InlineData(true, true, 50)]
    public void Message_AllocatesNothing_OnceWarm(bool signed, bool keepsEvidence, int most)
    {
        Optimized.Require();
        var limits = new SessionLimits { KeepEvidence = keepsEvidence };
        var a = new SessionMachine(SessionPair.Parameters(true, signed, signed, limits), _now);
        var b = new SessionMachine(SessionPair.Parameters(false, signed, signed, limits), _now);
        var (linkA, linkB) = (a.AddLink(LinkRank.Direct, 1, _now), b.AddLink(LinkRank.Direct, 1, _now));
        var payload = new byte[100];
        for (var i = 0; i < 20; i++)
            Round(a, linkA, b, linkB, payload);

        const int Rounds = 50;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Rounds; i++)
            Round(a, linkA, b, linkB, payload);
        var perMessage = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(Rounds * Messages);

        output.WriteLine($"{perMessage:0.00} bytes a message");
        perMessage.Should().BeLessThan(most);
        (_received, _acknowledged).Should().Be(((Rounds + 20) * Messages, (Rounds + 20) * Messages));
    }

    [Fact]
    public void StreamBytes_AllocateNothing_OnceWarm()
    {
        Optimized.Require();
        var limits = new SessionLimits { KeepEvidence = false };
        var a = new SessionMachine(SessionPair.Parameters(true, limits: limits), _now);
        var b = new SessionMachine(SessionPair.Parameters(false, limits: limits), _now);
        var (linkA, linkB) = (a.AddLink(LinkRank.Direct, 1, _now), b.AddLink(LinkRank.Direct, 1, _now));
        var stream = a.OpenStream("p", 1, _now, out _)!;
        var chunk = new byte[16 << 10];
        void Round()
        {
            for (var i = 0; i < 50; i++)
            {
                _ = a.Write(stream, chunk, _now);
                Pass(a, linkA, b, linkB);
                Pass(b, linkB, a, linkA);
            }

            _now += TimeSpan.FromMilliseconds(30);
            a.HandleTimeout(_now);
            b.HandleTimeout(_now);
        }

        for (var i = 0; i < 40; i++)
            Round();
        var (before, bytes) = (GC.GetAllocatedBytesForCurrentThread(), b.Statistics.BytesReceived);
        for (var i = 0; i < 40; i++)
            Round();
        var (allocated, received) = (GC.GetAllocatedBytesForCurrentThread() - before, b.Statistics.BytesReceived - bytes);
        output.WriteLine($"{allocated} bytes for {received} of a stream");
        received.Should().BeGreaterThan(20 << 20);
        allocated.Should().BeLessThan(received / 50, "each chunk is a batch of its own here, and costs its statement");
    }

    private void Round(SessionMachine a, SessionLink linkA, SessionMachine b, SessionLink linkB, byte[] payload)
    {
        for (var i = 0; i < Messages;)
        {
            if (a.TrySend("test/echo", 1, payload, [], i + 1, _now) == SendResult.Queued)
                i++;
            else
                Deliver();
        }

        Deliver();

        void Deliver()
        {
            Pass(a, linkA, b, linkB);
            _now += TimeSpan.FromMilliseconds(30);
            b.HandleTimeout(_now);
            Pass(b, linkB, a, linkA);
        }
    }

    private void Pass(SessionMachine from, SessionLink over, SessionMachine to, SessionLink at)
    {
        while (from.PollRecord(over, _record, _now, 1_700_000_000_000) is > 0 and var length)
        {
            if (!to.Handle(at, _record.AsSpan(0, length), _now))
                throw new InvalidOperationException("The protocol was broken.");
            while (to.PollEvent(out var e))
            {
                if (e.Kind == SessionEventKind.MessageReceived)
                {
                    _received++;
                    to.MessageConsumed(e.Payload, _now);
                }
                else if (e.Kind == SessionEventKind.StreamData)
                {
                    to.StreamConsumed(e.Stream!, e.Payload, _now);
                }
                else if (e.Kind == SessionEventKind.Acknowledged)
                {
                    _acknowledged++;
                }
            }
        }
    }
}
