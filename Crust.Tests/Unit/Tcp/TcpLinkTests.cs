using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Crust.Tcp;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Crust.Tests.Unit.Tcp;

public sealed class TcpLinkTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(8192)]
    [InlineData(65539)]
    [InlineData(700_001)]
    public async Task Bytes_ArriveAsTheyWereSent_HoweverTheyAreExamined(int pieceLength)
    {
        await using var pair = await LinkPair.ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(Math.Max(pieceLength * 5, 3000));
        var writing = Task.Run(async () =>
        {
            for (var offset = 0; offset < sent.Length; offset += pieceLength)
            {
                var piece = sent.AsMemory(offset, Math.Min(pieceLength, sent.Length - offset));
                piece.CopyTo(pair.Dialled.Transport.Output.GetMemory(piece.Length));
                pair.Dialled.Transport.Output.Advance(piece.Length);
                (await pair.Dialled.Transport.Output.FlushAsync(None)).IsCanceled.Should().BeFalse();
            }
        });

        var received = new List<byte>();
        while (received.Count < sent.Length)
        {
            // Whole pieces only: what is there of the next one is examined and left.
            var wanted = Math.Min(pieceLength, sent.Length - received.Count);
            var result = await pair.Accepted.Transport.Input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon);
            result.IsCompleted.Should().BeFalse();
            if (result.Buffer.Length < wanted)
            {
                pair.Accepted.Transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var taken = result.Buffer.Slice(0, wanted);
            received.AddRange(taken.ToArray());
            pair.Accepted.Transport.Input.AdvanceTo(taken.End);
        }

        await writing.WaitAsync(Eventually.Soon);
        received.Should().Equal(sent);
    }

    [Fact]
    public async Task Read_WaitsForMore_WhenEverythingWasExamined()
    {
        await using var pair = await LinkPair.ConnectAsync();
        await WriteAsync(pair.Dialled, [1, 2]);
        var first = await pair.Accepted.Transport.Input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon);
        pair.Accepted.Transport.Input.AdvanceTo(first.Buffer.Start, first.Buffer.End);

        pair.Accepted.Transport.Input.TryRead(out _).Should().BeFalse();
        var second = pair.Accepted.Transport.Input.ReadAsync(None).AsTask();
        second.IsCompleted.Should().BeFalse();
        await WriteAsync(pair.Dialled, [3]);
        (await second.WaitAsync(Eventually.Soon)).Buffer.ToArray().Should().Equal(1, 2, 3);
    }

    [Fact]
    public async Task Read_LosesNothing_WhenItWasCancelled()
    {
        await using var pair = await LinkPair.ConnectAsync();
        var input = pair.Accepted.Transport.Input;
        using var cancellation = new CancellationTokenSource();
        var cancelled = input.ReadAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => cancelled.WaitAsync(Eventually.Soon)).Should().ThrowAsync<OperationCanceledException>();

        var interrupted = input.ReadAsync(None).AsTask();
        input.CancelPendingRead();
        (await interrupted.WaitAsync(Eventually.Soon)).IsCanceled.Should().BeTrue();
        input.CancelPendingRead();
        (await input.ReadAsync(None)).IsCanceled.Should().BeTrue("it was cancelled before it began");

        var read = input.ReadAsync(None).AsTask();
        read.IsCompleted.Should().BeFalse();
        await WriteAsync(pair.Dialled, [7]);
        var result = await read.WaitAsync(Eventually.Soon);
        (result.IsCanceled, result.Buffer.ToArray()).Should().BeEquivalentTo((false, new byte[] { 7 }));
    }

    [Fact]
    public async Task Read_TellsTheEnd_AfterTheLastBytes()
    {
        await using var pair = await LinkPair.ConnectAsync();
        await WriteAsync(pair.Dialled, [9]);
        await pair.Dialled.DisposeAsync();

        var input = pair.Accepted.Transport.Input;
        var result = await input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon);
        result.Buffer.ToArray().Should().Equal(9);
        input.AdvanceTo(result.Buffer.End);
        (await input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon)).IsCompleted.Should().BeTrue();
    }

    [Fact]
    public async Task Abort_EndsAReadAndAFlushThatWait_AndTellsWhoAsks()
    {
        await using var pair = await LinkPair.ConnectAsync();
        var reading = pair.Dialled.Transport.Input.ReadAsync(None).AsTask();
        var flushing = FillAsync(pair.Dialled.Transport.Output);
        var closed = pair.Dialled.ConnectionClosed;
        closed.IsCancellationRequested.Should().BeFalse();
        await Eventually.HoldsAsync(() => pair.Dialled.Transport.Output.UnflushedBytes > 0, "the socket takes no more");

        pair.Dialled.Abort(new ConnectionAbortedException("test"));

        await FluentActions.Awaiting(() => reading.WaitAsync(Eventually.Soon)).Should().ThrowAsync<Exception>();
        await FluentActions.Awaiting(() => flushing.WaitAsync(Eventually.Soon)).Should().ThrowAsync<Exception>();
        closed.IsCancellationRequested.Should().BeTrue();
        pair.Dialled.ConnectionClosed.IsCancellationRequested.Should().BeTrue();
        pair.Accepted.ConnectionClosed.IsCancellationRequested.Should().BeFalse();
    }

    [Fact]
    public async Task Connect_ThrowsForItsToken_AndForARefusal()
    {
        var transport = new TcpTransport();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var listener = transport.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var open = (IPEndPoint)listener.EndPoint;
        await FluentActions.Awaiting(async () => await transport.ConnectAsync(open, cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();
        await listener.DisposeAsync();
        await FluentActions.Awaiting(async () => await transport.ConnectAsync(open, None)).Should().ThrowAsync<System.Net.Sockets.SocketException>();
    }

    private static async Task FillAsync(PipeWriter output)
    {
        while (true)
        {
            output.GetMemory(64 * 1024);
            output.Advance(64 * 1024);
            await output.FlushAsync(None);
        }
    }

    private static async Task WriteAsync(ConnectionContext link, byte[] bytes)
    {
        bytes.CopyTo(link.Transport.Output.GetMemory(bytes.Length));
        link.Transport.Output.Advance(bytes.Length);
        await link.Transport.Output.FlushAsync(None);
    }

    private sealed record LinkPair(ConnectionContext Dialled, ConnectionContext Accepted) : IAsyncDisposable
    {
        internal static async Task<LinkPair> ConnectAsync()
        {
            var transport = new TcpTransport();
            await using var listener = transport.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var accepting = listener.AcceptAsync(None);
            var dialled = await transport.ConnectAsync((IPEndPoint)listener.EndPoint, None);
            return new LinkPair(dialled, (await accepting)!);
        }

        public async ValueTask DisposeAsync()
        {
            await Dialled.DisposeAsync();
            await Accepted.DisposeAsync();
        }
    }
}
