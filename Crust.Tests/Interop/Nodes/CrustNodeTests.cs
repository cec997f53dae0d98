using System.Net;
using System.Security.Cryptography;
using System.Threading.Channels;
using Crust.Identity;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

public sealed class CrustNodeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Connect_YieldsASignedConnection_WhenTheAddressIsRight()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();

        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);

        connection.Peer.Should().Be(b.Id);
        connection.Path.Should().Be(ConnectionPath.DirectTcp);
        connection.SendsSigned.Should().BeTrue();
        connection.ReceivesSigned.Should().BeTrue();
        (await connection.PingAsync(TestContext.Current.CancellationToken).WaitAsync(Patience)).Should().BePositive();
    }

    [Fact]
    public async Task Send_DeliversOnceAndInOrder_BothWays()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var atA = Channel.CreateUnbounded<int>();
        var atB = Channel.CreateUnbounded<int>();
        a.Handle("count", (m, token) => atA.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token));
        b.Handle("count", async (m, token) =>
        {
            m.IsSigned.Should().BeTrue();
            await atB.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token);
            await m.Connection.SendAsync("count", m.Payload, token);
        });
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);

        const int Count = 20_000;
        for (var i = 0; i < Count; i++)
            await connection.SendAsync("count", BitConverter.GetBytes(i));

        for (var i = 0; i < Count; i++)
        {
            (await atB.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(i);
            (await atA.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(i);
        }
    }

    [Fact]
    public async Task SendAndConfirm_CarriesTheLongestMessage_AndRefusesALongerOne()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var received = new TaskCompletionSource<byte[]>();
        b.Handle("blob", (m, _) =>
        {
            received.TrySetResult(m.Payload.ToArray());
            return ValueTask.CompletedTask;
        });
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);
        var payload = RandomNumberGenerator.GetBytes(PeerConnection.MaxMessageLength);

        await connection.SendAndConfirmAsync("blob", payload).WaitAsync(Patience);

        (await received.Task.WaitAsync(Patience)).Should().Equal(payload);
        var tooLong = async () => await connection.SendAsync("blob", new byte[PeerConnection.MaxMessageLength + 1]);
        await tooLong.Should().ThrowAsync<ArgumentException>();
        connection.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task SendAndConfirm_TellsThatTheProtocolIsRefused_WhenNobodyHandlesIt()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);

        var send = () => connection.SendAndConfirmAsync("unheard-of", new byte[10]).WaitAsync(Patience);

        (await send.Should().ThrowAsync<ProtocolRefusedException>()).Which.Protocol.Should().Be("unheard-of");
    }

    [Fact]
    public async Task Send_Waits_WhileThePeersHandlerDoesNotKeepUp()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var release = new TaskCompletionSource();
        b.Handle("slow", async (_, token) => await release.Task.WaitAsync(token));
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);

        // Far more than queue and credit hold together: without a bound this would never stop.
        var sent = 0L;
        var blocked = false;
        var payload = new byte[64 * 1024];
        while (!blocked && sent < 256L << 20)
        {
            using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await connection.SendAsync("slow", payload, soon.Token);
                sent += payload.Length;
            }
            catch (OperationCanceledException)
            {
                blocked = true;
            }
        }

        blocked.Should().BeTrue();
        sent.Should().BeLessThan(32 << 20);
        release.SetResult();
        await connection.SendAndConfirmAsync("slow", payload).WaitAsync(Patience);
    }

    [Fact]
    public async Task Connect_FailsWithHandshakeFailed_WhenTheNetworkDiffers()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync(o => o.NetworkName = "elsewhere");

        var connect = () => a.ConnectToAddressAsync(b.Addresses[0]).WaitAsync(Patience);

        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.HandshakeFailed);
        b.Connections.Should().BeEmpty();
    }

    [Fact]
    public async Task Connect_FailsWithHandshakeFailed_WhenAnotherKeyAnswers()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        using var someoneElse = PeerIdentity.Create();

        var connect = () => a.ConnectToAddressAsync(b.Addresses[0] with { Peer = someoneElse.Id }).WaitAsync(Patience);

        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.HandshakeFailed);
    }

    [Fact]
    public async Task Connect_FailsWithUnreachable_WhenNobodyListens()
    {
        await using var a = await StartAsync();
        PeerAddress address;
        await using (var b = await StartAsync())
            address = b.Addresses[0];

        var connect = () => a.ConnectToAddressAsync(address).WaitAsync(Patience);

        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.Unreachable);
    }

    [Fact]
    public async Task SimultaneousConnects_EndInOneSession_AndLoseNothing()
    {
        // Both dial at once, again and again: of the two links both ends must keep the same one, whatever the timing.
        for (var round = 0; round < 25; round++)
        {
            await using var a = await StartAsync();
            await using var b = await StartAsync();
            var atA = Channel.CreateUnbounded<int>();
            var atB = Channel.CreateUnbounded<int>();
            a.Handle("n", (m, token) => atA.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token));
            b.Handle("n", (m, token) => atB.Writer.WriteAsync(BitConverter.ToInt32(m.Payload.Span), token));

            var fromA = SendAsync(a, b.Addresses[0]);
            var fromB = SendAsync(b, a.Addresses[0]);
            await Task.WhenAll(fromA, fromB).WaitAsync(Patience);

            for (var i = 0; i < 50; i++)
            {
                (await atA.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(i);
                (await atB.Reader.ReadAsync().AsTask().WaitAsync(Patience)).Should().Be(i);
            }

            a.Connections.Should().ContainSingle();
            b.Connections.Should().ContainSingle();
        }

        static async Task SendAsync(CrustNode node, PeerAddress to)
        {
            var connection = await node.ConnectToAddressAsync(to);
            for (var i = 0; i < 50; i++)
                await connection.SendAndConfirmAsync("n", BitConverter.GetBytes(i));
        }
    }

    [Fact]
    public async Task Close_TellsThePeerTheReason_AfterWhatWasQueued()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var received = 0;
        b.Handle("last", (_, _) =>
        {
            Interlocked.Increment(ref received);
            return ValueTask.CompletedTask;
        });
        var ended = new TaskCompletionSource<PeerConnection>();
        b.PeerDisconnected += c => ended.TrySetResult(c);
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);
        for (var i = 0; i < 100; i++)
            await connection.SendAsync("last", new byte[1000]);

        await connection.CloseAsync("work is done").WaitAsync(Patience);

        var other = await ended.Task.WaitAsync(Patience);
        other.CloseReason.Should().Contain("work is done");
        await other.Completion.WaitAsync(Patience);
        received.Should().Be(100);
    }

    [Fact]
    public async Task Dispose_EndsConnectionsOfPeersPromptly()
    {
        await using var a = await StartAsync();
        var b = await StartAsync();
        var connection = await a.ConnectToAddressAsync(b.Addresses[0]);
        // Before it has opened the first record it has no session, and nobody to take leave of.
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "b has the session too");

        await b.DisposeAsync();

        await connection.Completion.WaitAsync(Patience);
        var send = async () => await connection.SendAsync("x", new byte[1]);
        await send.Should().ThrowAsync<PeerConnectionClosedException>();
    }

    [Fact]
    public async Task RestartedPeer_GetsANewSession_AndTheOldOneEnds()
    {
        using var key = PeerIdentity.Create();
        await using var b = await StartAsync();
        var first = await StartAsync(o => o.Identity = key);
        var old = await first.ConnectToAddressAsync(b.Addresses[0]);
        await using var second = await StartAsync(o => o.Identity = key);

        var connection = await second.ConnectToAddressAsync(b.Addresses[0]);

        await old.Completion.WaitAsync(Patience);
        connection.IsOpen.Should().BeTrue();
        (await connection.PingAsync().WaitAsync(Patience)).Should().BePositive();
        b.Connections.Should().ContainSingle();
        await first.DisposeAsync();
    }

    [Fact]
    public async Task Start_FailsWithBootstrapFailed_WhenNoGatewayAnswers()
    {
        PeerAddress gone;
        await using (var b = await StartAsync())
            gone = b.Addresses[0];

        var start = () => StartAsync(o =>
        {
            o.Bootstrap.Add(gone);
            o.BootstrapTimeout = TimeSpan.FromSeconds(1);
        }).WaitAsync(Patience);

        (await start.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.BootstrapFailed);
    }

    private static Task<CrustNode> StartAsync(Action<CrustNodeOptions>? configure = null)
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback };
        configure?.Invoke(options);
        return CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
    }
}
