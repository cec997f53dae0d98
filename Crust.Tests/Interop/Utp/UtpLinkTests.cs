using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crust.Udp;
using Crust.Utp.Driver;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>µTP links over real loopback sockets.</summary>
public sealed class UtpLinkTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>For what takes a second or two on a quiet machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static TheoryData<string, string> Ways()
    {
        var ways = new TheoryData<string, string>();
        foreach (var kind in Enum.GetNames<DatagramSocketKind>())
        {
            foreach (var address in new[] { "127.0.0.1", "::1", "::" })
                ways.Add(kind, address);
        }

        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Bytes_ArriveAsTheyWereSent_BothWaysAtOnce(string kind, string listen)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6 || listen == "127.0.0.1", "This host has no IPv6.");
        await using var pair = UtpPair.Create(Enum.Parse<DatagramSocketKind>(kind), listen);
        var (dialled, accepted) = await pair.ConnectAsync();
        var there = RandomNumberGenerator.GetBytes(6_000_011);
        var back = RandomNumberGenerator.GetBytes(1_000_003);

        var writing = Task.WhenAll(
            UtpPair.WriteAllAsync(dialled.Transport.Output, there, 65_536), UtpPair.WriteAllAsync(accepted.Transport.Output, back, 1_000));
        var reading = Task.WhenAll(
            UtpPair.ReadAsync(accepted.Transport.Input, there.Length), UtpPair.ReadAsync(dialled.Transport.Input, back.Length));
        await writing.WaitAsync(Patience);
        var received = await reading.WaitAsync(Patience);

        SHA256.HashData(received[0]).Should().Equal(SHA256.HashData(there));
        SHA256.HashData(received[1]).Should().Equal(SHA256.HashData(back));
        ((IPEndPoint)accepted.RemoteEndPoint!).Port.Should().Be(((IPEndPoint)dialled.LocalEndPoint!).Port);
        dialled.RemoteEndPoint.Should().Be(pair.Target);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(65539)]
    public async Task Pieces_ArriveAsTheyWereSent_HoweverTheyAreExamined(int pieceLength)
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(Math.Max(pieceLength * 5, 3000));
        var writing = UtpPair.WriteAllAsync(dialled.Transport.Output, sent, pieceLength);
        var received = new List<byte>();
        while (received.Count < sent.Length)
        {
            // Whole pieces only: what is there of the next one is examined and left.
            var wanted = Math.Min(pieceLength, sent.Length - received.Count);
            var result = await accepted.Transport.Input.ReadAsync(None).AsTask().WaitAsync(Eventually.Soon);
            result.IsCompleted.Should().BeFalse();
            if (result.Buffer.Length < wanted)
            {
                accepted.Transport.Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            var taken = result.Buffer.Slice(0, wanted);
            received.AddRange(taken.ToArray());
            accepted.Transport.Input.AdvanceTo(taken.End);
        }

        await writing.WaitAsync(Eventually.Soon);
        received.Should().Equal(sent);
    }

    [Fact]
    public async Task AHalfClose_LeavesTheOtherDirectionOpen()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        await UtpPair.WriteAsync(dialled, new byte[] { 1, 2 });
        await dialled.Transport.Output.CompleteAsync();
        (await UtpPair.ReadAsync(accepted.Transport.Input).WaitAsync(Eventually.Soon)).Should().Equal(1, 2);

        var answer = RandomNumberGenerator.GetBytes(1_000_000);
        var writing = UtpPair.WriteAllAsync(accepted.Transport.Output, answer, 65_536);
        (await UtpPair.ReadAsync(dialled.Transport.Input, answer.Length).WaitAsync(Patience)).Should().Equal(answer);
        await writing.WaitAsync(Eventually.Soon);
        await accepted.Transport.Output.CompleteAsync();
        (await UtpPair.ReadAsync(dialled.Transport.Input).WaitAsync(Eventually.Soon)).Should().BeEmpty();
    }

    [Fact]
    public async Task Disposal_DeliversWhatWasFlushed_AndTheEnd()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(100_000);
        await UtpPair.WriteAsync(dialled, sent);
        await dialled.DisposeAsync();
        (await UtpPair.ReadAsync(accepted.Transport.Input).WaitAsync(Eventually.Soon)).Should().Equal(sent);

        // Who was left may still write; nobody reads it, and nothing hangs.
        await UtpPair.WriteAllAsync(accepted.Transport.Output, new byte[3_000_000], 65_536).WaitAsync(Patience);
        await accepted.DisposeAsync();
    }

    [Fact]
    public async Task Abort_EndsAReadAndAFlushThatWait_AndTheRemotesReadFails()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var reading = dialled.Transport.Input.ReadAsync(None).AsTask();
        var flushing = UtpPair.WriteAllAsync(dialled.Transport.Output, new byte[100_000_000], 1_000_000);
        var closed = dialled.ConnectionClosed;
        closed.IsCancellationRequested.Should().BeFalse();
        // Until the connection takes no more.
        await Eventually.HoldsAsync(() => dialled.Transport.Output.UnflushedBytes > 0, "a reader that does not read stops the writer");

        dialled.Abort(new ConnectionAbortedException("test"));

        await FluentActions.Awaiting(() => reading.WaitAsync(Eventually.Soon)).Should().ThrowAsync<IOException>();
        await FluentActions.Awaiting(() => flushing.WaitAsync(Eventually.Soon)).Should().ThrowAsync<IOException>();
        closed.IsCancellationRequested.Should().BeTrue();
        accepted.ConnectionClosed.IsCancellationRequested.Should().BeFalse();
        var failure = await FluentActions.Awaiting(() => UtpPair.ReadAsync(accepted.Transport.Input).WaitAsync(Eventually.Soon)).Should().ThrowAsync<IOException>();
        failure.Which.InnerException.Should().BeOfType<SocketException>().Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
    }

    [Fact]
    public async Task Read_LosesNothing_WhenItWasCancelled()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var input = accepted.Transport.Input;
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
        await UtpPair.WriteAsync(dialled, new byte[] { 7 });
        var result = await read.WaitAsync(Eventually.Soon);
        (result.IsCanceled, result.Buffer.ToArray()).Should().BeEquivalentTo((false, new byte[] { 7 }));
    }

    [Fact]
    public async Task AFlushThatWasCancelled_GoesOnWithTheNext()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var sent = RandomNumberGenerator.GetBytes(60_000_000);
        var output = dialled.Transport.Output;
        sent.CopyTo(output.GetMemory(sent.Length));
        output.Advance(sent.Length);
        using var cancellation = new CancellationTokenSource();
        var flushing = output.FlushAsync(cancellation.Token).AsTask();
        flushing.IsCompleted.Should().BeFalse("nobody reads");
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => flushing.WaitAsync(Eventually.Soon)).Should().ThrowAsync<OperationCanceledException>();
        output.CancelPendingFlush();
        (await output.FlushAsync(None)).IsCanceled.Should().BeTrue("it was cancelled before it began");

        var rest = output.FlushAsync(None).AsTask();
        SHA256.HashData(await UtpPair.ReadAsync(accepted.Transport.Input, sent.Length).WaitAsync(Patience)).Should().Equal(SHA256.HashData(sent));
        (await rest.WaitAsync(Eventually.Soon)).IsCanceled.Should().BeFalse();
    }

    [Fact]
    public async Task Connect_FailsSoon_WhereNobodyListens_AndForItsToken()
    {
        await using var pair = UtpPair.Create();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await FluentActions.Awaiting(async () => await pair.Dialler.ConnectAsync(pair.Target, cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();

        // A socket that says nothing: bound, and nobody reads it.
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var cancellation = new CancellationTokenSource();
        var dialling = pair.Dialler.ConnectAsync((IPEndPoint)silent.LocalEndPoint!, cancellation.Token).AsTask();
        dialling.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => dialling.WaitAsync(Eventually.Soon)).Should().ThrowAsync<OperationCanceledException>();

        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux tells which remote an ICMP error is about.");
        var closed = (IPEndPoint)silent.LocalEndPoint!;
        silent.Dispose();
        await FluentActions.Awaiting(() => pair.Dialler.ConnectAsync(closed, None).AsTask().WaitAsync(TimeSpan.FromSeconds(12))).Should().ThrowAsync<SocketException>();
    }

    [Fact]
    public async Task AfterBind_DialsLeaveFromTheSocketThatListens()
    {
        await using var pair = UtpPair.Create();
        await using var other = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync(other.Transport);
        dialled.LocalEndPoint.Should().Be(other.Listener.EndPoint);
        ((IPEndPoint)accepted.RemoteEndPoint!).Port.Should().Be(other.Target.Port);

        // And both ways at once, between the same two sockets.
        var (back, _) = await other.ConnectAsync(pair.Transport);
        back.LocalEndPoint.Should().Be(pair.Listener.EndPoint);
    }

    [Fact]
    public async Task AListener_HoldsSoManyLinks_AndResetsTheNext()
    {
        await using var pair = UtpPair.Create(options: new UtpTransportOptions { Backlog = 2 });
        var links = new List<ConnectionContext>();
        for (var i = 0; i < 3; i++)
        {
            links.Add(await pair.Dialler.ConnectAsync(pair.Target, None).AsTask().WaitAsync(Eventually.Soon));
            await UtpPair.WriteAsync(links[i], new byte[] { (byte)i });
        }

        await FluentActions.Awaiting(() => UtpPair.ReadAsync(links[2].Transport.Input).WaitAsync(Eventually.Soon)).Should().ThrowAsync<IOException>();
        for (var i = 0; i < 2; i++)
            (await UtpPair.ReadAsync((await pair.Listener.AcceptAsync(None))!.Transport.Input, 1)).Should().Equal((byte)i);
        await pair.Listener.DisposeAsync();
        (await pair.Listener.AcceptAsync(None)).Should().BeNull();
    }

    [Fact]
    public async Task AnUnboundPort_IsFree_OnceItsLinksAreOver()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        await pair.Listener.UnbindAsync(None);

        // The link goes on.
        await UtpPair.WriteAsync(accepted, new byte[] { 1, 2, 3 });
        (await UtpPair.ReadAsync(dialled.Transport.Input, 3).WaitAsync(Eventually.Soon)).Should().Equal(1, 2, 3);
        await dialled.DisposeAsync();
        await accepted.DisposeAsync();
        await Eventually.HoldsAsync(() => TryBind(pair.Target), "the last link is over");
    }

    [Fact]
    public async Task ATransport_EndsItsLinks_WhenItIsDisposedOf()
    {
        await using var pair = UtpPair.Create();
        var (dialled, accepted) = await pair.ConnectAsync();
        var reading = UtpPair.ReadAsync(accepted.Transport.Input);
        await pair.Dialler.DisposeAsync().AsTask().WaitAsync(Eventually.Soon);
        await FluentActions.Awaiting(() => reading.WaitAsync(Eventually.Soon)).Should().ThrowAsync<IOException>();
        await FluentActions.Awaiting(async () => await dialled.Transport.Input.ReadAsync(None)).Should().ThrowAsync<IOException>();
        await FluentActions.Awaiting(async () => await pair.Dialler.ConnectAsync(pair.Target, None)).Should().ThrowAsync<ObjectDisposedException>();
    }

    private static bool TryBind(IPEndPoint endPoint)
    {
        try
        {
            using var socket = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
