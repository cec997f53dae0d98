using Crust.Identity;
using Crust.Session;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary><see cref="CrustNodeOptions.MemoryBudget"/> bounds the windows of a node's connections, of all together, and leaves the other node's alone.</summary>
public sealed class MemoryBudgetTests
{
    private const string Work = "work";
    private const long Large = 1 << 30, Smallest = 2 * WireLimits.InitialWindow;

    /// <summary>So much, many times a smallest window, makes windows grow that may.</summary>
    private const int Messages = 2000, MessageLength = 16 << 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, Large)]
    [InlineData(Large, 0)]
    [InlineData(Large, Large)]
    public async Task Windows_Grow_AtTheNodeThatHasMemoryForIt(long ofSender, long ofReceiver)
    {
        await using var b = await ReceiverAsync(ofReceiver);
        await using var a = await StreamTests.StartAsync(o => o.MemoryBudget = ofSender);
        var connection = await ConnectAsync(a, b);
        var atB = b.Connections.Single();

        var (budget, window) = (0L, 0L);
        // Twice, for those that must not grow; again for those that should have.
        for (var round = 0; round < 2 || (round < 20 && !(Grew(budget, ofSender) && Grew(window, ofReceiver))); round++)
        {
            await SendAsync(connection, () =>
            {
                budget = Math.Max(budget, connection.Session.Statistics.SendBudget);
                window = Math.Max(window, atB.Session.Statistics.ReceiveWindow);
            });
        }

        if (ofSender == 0)
            budget.Should().Be(Smallest, "the sender has no memory for more");
        else
            budget.Should().BeGreaterThan(Smallest);
        if (ofReceiver == 0)
            window.Should().Be(Smallest, "the receiver has no memory for more");
        else
            window.Should().BeGreaterThan(Smallest);

        static bool Grew(long size, long memory) => memory == 0 || size > Smallest;
    }

    /// <summary>A budget for one step of one window: of several connections that would all grow, one does.</summary>
    [Fact]
    public async Task Budget_IsTheNodes_NotEachConnections()
    {
        const int Senders = 3;
        const long OneStep = WireLimits.InitialWindow;
        // Who grows leaves as much as it takes.
        await using var b = await ReceiverAsync(2 * OneStep);
        var nodes = new List<CrustNode>();
        try
        {
            var connections = new List<PeerConnection>();
            for (var i = 0; i < Senders; i++)
            {
                nodes.Add(await StreamTests.StartAsync(o => o.MemoryBudget = Large));
                connections.Add(await nodes[i].ConnectToAddressAsync(b.Addresses[0], Token));
            }

            await Eventually.HoldsAsync(() => b.Connections.Count == Senders, "the receiver has all sessions");
            var sessions = b.Connections;
            var most = 0L;
            for (var round = 0; round < 20 && most == 0; round++)
            {
                await Task.WhenAll(connections.Select(c => SendAsync(c, () =>
                {
                    var growth = sessions.Sum(s => s.Session.Statistics.ReceiveWindow - Smallest);
                    for (var seen = Volatile.Read(ref most); growth > seen;)
                        seen = Interlocked.CompareExchange(ref most, growth, seen);
                })));
            }

            most.Should().Be(OneStep);
        }
        finally
        {
            foreach (var node in nodes)
                await node.DisposeAsync();
        }
    }

    private static async Task SendAsync(PeerConnection connection, Action look)
    {
        var payload = new byte[MessageLength];
        for (var i = 0; i < Messages; i++)
        {
            await connection.SendAsync(Work, payload, Token);
            if (i % 10 == 0)
                look();
        }

        await connection.SendAndConfirmAsync(Work, payload, Token).WaitAsync(Eventually.Soon, Token);
        look();
    }

    private static async Task<CrustNode> ReceiverAsync(long memory)
    {
        var node = await StreamTests.StartAsync(o => o.MemoryBudget = memory);
        node.Handle(Work, (_, _) => ValueTask.CompletedTask);
        return node;
    }

    /// <summary>Connects over TCP, and waits until the other end has the session too.</summary>
    private static async Task<PeerConnection> ConnectAsync(CrustNode a, CrustNode b)
    {
        var connection = await a.ConnectToAddressAsync(b.Addresses.First(x => x.Transport == TransportKind.Tcp), Token);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "the receiver has the session too");
        return connection;
    }
}
