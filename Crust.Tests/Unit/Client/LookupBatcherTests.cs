using System.Collections.Concurrent;
using Crust.Client;
using Crust.Grains.Abstractions;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Client;

public sealed class LookupBatcherTests
{
    [Fact]
    public async Task Find_OfALonePeer_IsOneCall()
    {
        using var calls = new Calls();
        await using var batcher = new LookupBatcher(calls.CallAsync);
        var found = batcher.FindAsync(Peer(1));
        (await calls.NextAsync()).Answer();
        Record(await found).Should().Equal(Peer(1).ToByteArray());
    }

    [Fact]
    public async Task Find_WhileCallsAreUnderWay_GathersTheOthers_AndGivesEachItsOwnAnswer()
    {
        using var calls = new Calls();
        await using var batcher = new LookupBatcher(calls.CallAsync);
        var first = batcher.FindAsync(Peer(0));
        var firstCall = await calls.NextAsync();
        var second = batcher.FindAsync(Peer(1));
        var secondCall = await calls.NextAsync();
        var others = Enumerable.Range(2, IRoutingTableGrain.MaxLookUps + 10).Select(i => batcher.FindAsync(Peer(i))).ToArray();
        calls.Count.Should().Be(LookupBatcher.MaxCalls, "the others wait");
        firstCall.Answer();
        var third = await calls.NextAsync();
        third.Peers.Should().HaveCount(IRoutingTableGrain.MaxLookUps);
        secondCall.Answer();
        var fourth = await calls.NextAsync();
        fourth.Peers.Should().HaveCount(10);
        fourth.Answer();
        third.Answer();
        Record(await first).Should().Equal(Peer(0).ToByteArray());
        Record(await second).Should().Equal(Peer(1).ToByteArray());
        for (var i = 0; i < others.Length; i++)
            Record(await others[i]).Should().Equal(Peer(i + 2).ToByteArray());
    }

    [Fact]
    public async Task Find_IsUnavailable_WhenTheCallIs_AndTheNextIsMadeAgain()
    {
        using var calls = new Calls();
        await using var batcher = new LookupBatcher(calls.CallAsync);
        var lost = batcher.FindAsync(Peer(1));
        (await calls.NextAsync()).Fail();
        (await lost).IsAvailable.Should().BeFalse();
        var found = batcher.FindAsync(Peer(1));
        (await calls.NextAsync()).Answer();
        (await found).IsAvailable.Should().BeTrue();
    }

    [Fact]
    public async Task Find_OfMoreThanMayWait_IsUnavailableAtOnce()
    {
        using var calls = new Calls();
        await using var batcher = new LookupBatcher(calls.CallAsync);
        var all = new List<Task<ClusterReply<PeerFinding>>>();
        for (var i = 0; i < LookupBatcher.MaxCalls; i++)
        {
            all.Add(batcher.FindAsync(Peer(i)));
            await calls.TakeAsync();
        }

        for (var i = 0; i < LookupBatcher.MaxWaiting; i++)
            all.Add(batcher.FindAsync(Peer(i)));
        var surplus = batcher.FindAsync(Peer(9));
        surplus.IsCompleted.Should().BeTrue();
        (await surplus).IsAvailable.Should().BeFalse();
        calls.AnswerAll();
        (await Task.WhenAll(all)).Should().OnlyContain(reply => reply.IsAvailable);
    }

    private static PeerId Peer(int number) => PeerId.FromTrustedBytes([.. BitConverter.GetBytes(number), .. new byte[PeerId.ByteLength - sizeof(int)]]);

    private static byte[]? Record(ClusterReply<PeerFinding> reply) => reply.Value.SignedRecord;

    /// <summary>The cluster's side: each call waits until the test answers it.</summary>
    private sealed class Calls : IDisposable
    {
        private readonly ConcurrentQueue<Call> _made = new();
        private readonly SemaphoreSlim _signal = new(0);
        private readonly List<Call> _taken = [];
        private volatile bool _answersAll;
        private int _count;

        internal int Count => Volatile.Read(ref _count);

        public void Dispose() => _signal.Dispose();

        internal Task<ClusterReply<PeerFinding[]>> CallAsync(PeerId[] peers)
        {
            var call = new Call(peers);
            Interlocked.Increment(ref _count);
            _made.Enqueue(call);
            _signal.Release();
            if (_answersAll)
                call.Answer();
            return call.Task;
        }

        internal async Task<Call> NextAsync()
        {
            (await _signal.WaitAsync(TimeSpan.FromSeconds(30))).Should().BeTrue("a call is made");
            _made.TryDequeue(out var call).Should().BeTrue();
            return call!;
        }

        internal async Task TakeAsync() => _taken.Add(await NextAsync());

        internal void AnswerAll()
        {
            _answersAll = true;
            _taken.ForEach(call => call.Answer());
        }
    }

    private sealed class Call(PeerId[] peers) : TaskCompletionSource<ClusterReply<PeerFinding[]>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        internal PeerId[] Peers => peers;

        internal void Answer() => TrySetResult(new(true, Array.ConvertAll(peers, peer => new PeerFinding(null, peer.ToByteArray()))));

        internal void Fail() => TrySetResult(ClusterReply<PeerFinding[]>.Unavailable);
    }
}
