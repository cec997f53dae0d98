using System.Net;
using System.Net.Sockets;
using Crust.Tcp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit;

public sealed class TcpLinkListenerTests
{
    // A process without free descriptors accepted again at once, for ever, on one whole core.
    [Theory]
    [InlineData(SocketError.TooManyOpenSockets, false)]
    [InlineData(SocketError.NoBufferSpaceAvailable, false)]
    [InlineData(SocketError.ConnectionAborted, true)]
    [InlineData(SocketError.ConnectionReset, true)]
    public void Accept_SkipsOnly_WhatConcernsOneConnection(SocketError error, bool isSkipped) =>
        TcpLinkListener.ConcernsOneConnection(error).Should().Be(isSkipped);

    [Fact]
    public async Task Accept_GoesOn_AfterConnectionsThatWereResetInTheBacklog()
    {
        var transport = new TcpTransport();
        await using var listener = transport.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        for (var i = 0; i < 20; i++)
        {
            using var reset = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) };
            await reset.ConnectAsync(listener.EndPoint, TestContext.Current.CancellationToken);
        }

        using var good = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await good.ConnectAsync(listener.EndPoint, TestContext.Current.CancellationToken);

        while (true)
        {
            await using var link = await listener.AcceptAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Soon);
            link.Should().NotBeNull();
            if (link!.RemoteEndPoint!.Equals(good.LocalEndPoint))
                return;
        }
    }
}
