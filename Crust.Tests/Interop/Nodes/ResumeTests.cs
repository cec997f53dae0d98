using System.Net;
using System.Security.Cryptography;
using Crust.Identity;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Sessions of real nodes whose links are cut, over and over.</summary>
public sealed class ResumeTests
{
    private const int Messages = 20_000, Cuts = 8, StreamBytes = 8 << 20;

    [Fact]
    public async Task NothingIsLostRepeatedOrOutOfOrder_WhileLinksAreCut()
    {
        var token = TestContext.Current.CancellationToken;
        var (atA, atB) = (new Counter(), new Counter());
        var content = RandomNumberGenerator.GetBytes(StreamBytes);
        await using var b = await StartAsync();
        b.Handle("count", atB.HandleAsync);
        b.HandleStreams("echo", async (stream, cancelled) =>
        {
            await stream.CopyToAsync(stream, cancelled);
            stream.CompleteWriting();
        });
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StartAsync();
        a.Handle("count", atA.HandleAsync);
        var toB = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, b.Id), token);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "b has the session too");

        var stream = toB.OpenStream("echo");
        var work = Task.WhenAll(SendAsync(toB), SendAsync(b.Connections[0]), stream.WriteAsync(content, token).AsTask(), ReadAsync());
        for (var cut = 1; cut <= Cuts; cut++)
        {
            var until = Math.Min(atA.Count, atB.Count) + Messages / (Cuts + 1);
            await Eventually.HoldsAsync(() => proxy.Connections >= cut && Math.Min(atA.Count, atB.Count) >= Math.Min(until, Messages), "messages go on over another link");
            proxy.Cut();
        }

        await work.WaitAsync(Eventually.Soon, token);
        await Eventually.HoldsAsync(() => atA.Count == Messages && atB.Count == Messages, "everything arrives");
        (atA.OutOfTurn, atB.OutOfTurn).Should().Be((0, 0), Promise.OnceAndInOrder);
        await Eventually.HoldsAsync(() => proxy.Connections > Cuts && !toB.IsSuspended, "the last cut is made good too");

        async Task ReadAsync()
        {
            var read = new byte[StreamBytes];
            await stream.ReadExactlyAsync(read, token);
            stream.CompleteWriting();
            (await stream.ReadAsync(new byte[1], token)).Should().Be(0);
            read.AsSpan().SequenceEqual(content).Should().BeTrue(Promise.OnceAndInOrder);
        }

        async Task SendAsync(PeerConnection connection)
        {
            for (var i = 0; i < Messages; i++)
                await connection.SendAsync("count", BitConverter.GetBytes(i), token);
        }
    }

    [Fact]
    public async Task AConnection_EndsWithItsLink_WhenThatIsWanted()
    {
        await using var b = await StartAsync();
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        await using var a = await StartAsync(o => o.ResumeTimeout = TimeSpan.Zero);
        var connection = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, b.Id), TestContext.Current.CancellationToken);

        proxy.Cut();

        await connection.Completion.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(121, 0)]
    [InlineData(120, -1)]
    public async Task ImpossibleOptions_AreNamed(int resumeSeconds, long memory)
    {
        var start = () => StartAsync(o => (o.ResumeTimeout, o.MemoryBudget) = (TimeSpan.FromSeconds(resumeSeconds), memory));
        await start.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }

    private static Task<CrustNode> StartAsync(Action<CrustNodeOptions>? configure = null)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback };
        configure?.Invoke(options);
        return CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
    }

    /// <summary>Expects the numbers from 0 on.</summary>
    private sealed class Counter
    {
        private int _count;

        internal int Count => Volatile.Read(ref _count);

        internal int OutOfTurn { get; private set; }

        internal ValueTask HandleAsync(PeerMessage message, CancellationToken cancellationToken)
        {
            if (BitConverter.ToInt32(message.Payload.Span) != _count)
                OutOfTurn++;
            Interlocked.Increment(ref _count);
            return ValueTask.CompletedTask;
        }
    }
}
