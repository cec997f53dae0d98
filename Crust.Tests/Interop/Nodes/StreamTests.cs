using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary><see cref="PeerStream"/> between real nodes: as a stream and as pipes, each direction ended for itself, given up, cancelled, and over links that are cut.</summary>
public sealed class StreamTests : IAsyncLifetime
{
    private CrustNode _a = null!;
    private CrustNode _b = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_a, _b) = (await StartAsync(), await StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task HalfClosedStream_CarriesTheAnswer_AfterTheQuestionHasEnded()
    {
        _b.HandleStreams("sum", async (stream, token) =>
        {
            using var all = new MemoryStream();
            await stream.CopyToAsync(all, token);
            stream.IsSigned.Should().BeTrue();
            await stream.WriteAsync(SHA256.HashData(all.ToArray()), token);
        });
        var question = RandomNumberGenerator.GetBytes(3 << 20);
        await using var stream = (await ConnectAsync()).OpenStream("sum");

        await stream.WriteAsync(question, Token);
        stream.CompleteWriting();

        var answer = new byte[SHA256.HashSizeInBytes];
        await stream.ReadExactlyAsync(answer, Token);
        answer.Should().Equal(SHA256.HashData(question));
        (await stream.ReadAsync(new byte[1], Token)).Should().Be(0, "the handler has ended its direction");
        var write = () => stream.WriteAsync(new byte[1], Token).AsTask();
        await write.Should().ThrowAsync<PeerStreamException>("this direction has ended");
    }

    [Fact]
    public async Task Pipes_EndTheirOwnDirections()
    {
        _b.HandleStreams("upper", async (stream, token) =>
        {
            var pipe = stream.AsDuplexPipe();
            while (true)
            {
                var read = await pipe.Input.ReadAsync(token);
                foreach (var segment in read.Buffer)
                    await pipe.Output.WriteAsync(segment.ToArray().Select(b => (byte)char.ToUpperInvariant((char)b)).ToArray(), token);
                pipe.Input.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }

            await pipe.Output.CompleteAsync();
            await pipe.Input.CompleteAsync();
        });
        var connection = await ConnectAsync();
        var pipe = connection.OpenStream("upper").AsDuplexPipe();
        await pipe.Output.WriteAsync("hello"u8.ToArray(), Token);
        // Not flushed yet: completing must not lose it.
        "world"u8.CopyTo(pipe.Output.GetSpan(5));
        pipe.Output.Advance(5);

        await pipe.Output.CompleteAsync();

        var all = await ReadToEndAsync(pipe.Input);
        all.Should().Equal("HELLOWORLD"u8.ToArray());
        await pipe.Input.CompleteAsync();
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "both directions have ended, so the stream is over");
    }

    [Fact]
    public async Task WriterThatFailed_IsAResetToThePeer_AndNotItsEnd()
    {
        // Completing the pipe with an exception used to end the direction as if it were whole.
        var seen = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _b.HandleStreams("take", async (stream, token) =>
        {
            try
            {
                await stream.CopyToAsync(Stream.Null, token);
                seen.TrySetResult(-1);
            }
            catch (PeerStreamException e)
            {
                seen.TrySetResult(e.Code);
            }
        });
        var pipe = (await ConnectAsync()).OpenStream("take").AsDuplexPipe();
        await pipe.Output.WriteAsync(new byte[1000], Token);

        await pipe.Output.CompleteAsync(new IOException("the source broke"));

        (await seen.Task.WaitAsync(Eventually.Soon, Token)).Should().Be(2);
    }

    [Fact]
    public async Task ReaderThatIsCompletedEarly_StopsThePeer()
    {
        // Completing both pipes used to leave the stream open while the peer went on writing.
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _b.HandleStreams("endless", async (stream, token) =>
        {
            try
            {
                while (true)
                    await stream.WriteAsync(new byte[10_000], token);
            }
            catch (PeerStreamException)
            {
                stopped.TrySetResult();
            }
        });
        var connection = await ConnectAsync();
        var pipe = connection.OpenStream("endless").AsDuplexPipe();
        var read = await pipe.Input.ReadAtLeastAsync(100_000, Token);
        pipe.Input.AdvanceTo(read.Buffer.End);

        await pipe.Input.CompleteAsync();
        await pipe.Output.CompleteAsync();

        await stopped.Task.WaitAsync(Eventually.Soon, Token);
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "the stream is over");
    }

    [Fact]
    public async Task Abort_GivesThePeerTheCode_InBothDirections()
    {
        var codes = new TaskCompletionSource<(int Read, int Write)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _b.HandleStreams("both", async (stream, token) =>
        {
            var read = await CodeOfAsync(() => stream.CopyToAsync(Stream.Null, token));
            var write = await CodeOfAsync(async () =>
            {
                while (true)
                    await stream.WriteAsync(new byte[1000], token);
            });
            codes.TrySetResult((read, write));
        });
        var connection = await ConnectAsync();
        var stream = connection.OpenStream("both");
        await stream.WriteAsync(new byte[100], Token);

        stream.Abort(77);

        (await codes.Task.WaitAsync(Eventually.Soon, Token)).Should().Be((77, 77));
        (await CodeOfAsync(() => stream.ReadAsync(new byte[1], Token).AsTask())).Should().Be(77, "who gave it up reads no more");
        (await connection.PingAsync(Token)).Should().BePositive("the connection goes on");
    }

    [Fact]
    public async Task ThrowingHandler_IsCode2_AndNoHandlerCode1()
    {
        _b.HandleStreams("throws", (_, _) => throw new InvalidOperationException("no"));
        var connection = await ConnectAsync();
        (await CodeOfAsync(() => connection.OpenStream("throws").ReadAsync(new byte[1], Token).AsTask())).Should().Be(2);
        (await CodeOfAsync(() => connection.OpenStream("nobody").ReadAsync(new byte[1], Token).AsTask())).Should().Be(1);
    }

    [Fact]
    public async Task CancelledRead_StopsTheWait_AndTheStreamGoesOn()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _b.HandleStreams("late", async (stream, token) =>
        {
            await go.Task.WaitAsync(token);
            await stream.WriteAsync("later"u8.ToArray(), token);
        });
        await using var stream = (await ConnectAsync()).OpenStream("late");
        using var impatience = new CancellationTokenSource();
        var waiting = stream.ReadAsync(new byte[10], impatience.Token).AsTask();

        await impatience.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        go.SetResult();
        var bytes = new byte[5];
        await stream.ReadExactlyAsync(bytes, Token);
        bytes.Should().Equal("later"u8.ToArray(), "nothing was lost with the wait");
    }

    [Fact]
    public async Task CancelledWrite_StopsTheWait_AndWhatWasQueuedIsAPrefix()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _b.HandleStreams("slow", async (stream, token) =>
        {
            await go.Task.WaitAsync(token);
            using var all = new MemoryStream();
            await stream.CopyToAsync(all, token);
            received.SetResult(all.ToArray());
        });
        await using var stream = (await ConnectAsync()).OpenStream("slow");
        var content = RandomNumberGenerator.GetBytes(4 << 20);
        using var impatience = new CancellationTokenSource();
        var writing = stream.WriteAsync(content, impatience.Token).AsTask();
        writing.IsCompleted.Should().BeFalse("nobody reads, and the stream has a window");

        await impatience.CancelAsync();

        await FluentActions.Awaiting(() => writing).Should().ThrowAsync<OperationCanceledException>();
        stream.CompleteWriting();
        go.SetResult();
        var prefix = await received.Task.WaitAsync(Eventually.Soon, Token);
        prefix.Length.Should().BeInRange(1, content.Length - 1);
        prefix.AsSpan().SequenceEqual(content.AsSpan(0, prefix.Length)).Should().BeTrue();
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task BigTransfersBothWays_AreWhole_WhileLinksAreCut()
    {
        const int Length = 12 << 20, Cuts = 5;
        var (up, down) = (RandomNumberGenerator.GetBytes(Length), RandomNumberGenerator.GetBytes(Length));
        var arrived = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var read = 0L;
        _b.HandleStreams("both", async (stream, token) =>
        {
            var writing = Task.Run(() => stream.WriteAsync(down, token).AsTask(), token);
            arrived.TrySetResult(await ReadAllAsync(stream, b => Interlocked.Add(ref read, b)));
            await writing;
        });
        await using var proxy = new CuttingProxy(_b.Addresses[0].EndPoint);
        var connection = await _a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, _b.Id), Token);
        await Eventually.HoldsAsync(() => _b.Connections.Count == 1, "the other end has the session too");
        await using var stream = connection.OpenStream("both");
        var writing = Task.Run(async () =>
        {
            await stream.WriteAsync(up, Token);
            stream.CompleteWriting();
        });
        var reading = ReadAllAsync(stream, b => Interlocked.Add(ref read, b));
        for (var cut = 1; cut <= Cuts; cut++)
        {
            var until = 2L * Length * cut / (Cuts + 1);
            await Eventually.HoldsAsync(() => proxy.Connections >= cut && Interlocked.Read(ref read) >= until, "bytes go on over another link", TimeSpan.FromSeconds(90));
            proxy.Cut();
        }

        (await reading.WaitAsync(TimeSpan.FromSeconds(90), Token)).AsSpan().SequenceEqual(down).Should().BeTrue();
        (await arrived.Task.WaitAsync(Eventually.Soon, Token)).AsSpan().SequenceEqual(up).Should().BeTrue();
        await writing;
    }

    internal static Task<CrustNode> StartAsync(Action<CrustNodeOptions>? configure = null)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback };
        configure?.Invoke(options);
        return CrustNode.StartAsync(options, Token);
    }

    private static async Task<byte[]> ReadAllAsync(PeerStream stream, Action<int> count)
    {
        using var all = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await stream.ReadAsync(buffer, Token) is > 0 and var length)
        {
            all.Write(buffer, 0, length);
            count(length);
        }

        return all.ToArray();
    }

    private static async Task<byte[]> ReadToEndAsync(PipeReader reader)
    {
        while (true)
        {
            var read = await reader.ReadAsync(Token).AsTask().WaitAsync(Eventually.Soon, Token);
            if (read.IsCompleted)
                return read.Buffer.ToArray();
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async Task<int> CodeOfAsync(Func<Task> action)
    {
        try
        {
            await action().WaitAsync(Eventually.Soon, Token);
            return -1;
        }
        catch (PeerStreamException e)
        {
            return e.Code;
        }
    }

    private Task<PeerConnection> ConnectAsync() => _a.ConnectToAddressAsync(_b.Addresses[0], Token);
}
