using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Crust.Identity;
using Crust.Tests.Processes.Traffic;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>
/// What becomes of messages when the peer's process restarts: what it acknowledged is done, what was written and not acknowledged is <i>outcome unknown</i>, what never left
/// was not sent, and nothing of it goes to the new process by itself.
/// </summary>
public sealed class PeerRestartTests : IDisposable
{
    private const string Work = "work";

    private readonly PeerIdentity _key = PeerIdentity.Create();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _key.Dispose();

    /// <summary>The peer has the message, and dies before its acknowledgement arrives.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatWasNotAcknowledged_IsUnknown_AndWhatWaitedForALink_WasNotSent(bool restartedDials)
    {
        await using var a = await StreamTests.StartAsync();
        var (before, after) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        await using var b = await ProcessAsync(before);
        await using var proxy = new CuttingProxy(b.Addresses[0].EndPoint);
        var old = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, b.Id), Token);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "the peer has the session too");
        for (var i = 0; i < 5; i++)
            await SendAndConfirmAsync(old, $"done {i}");

        proxy.IsMute = true;
        var unknown = SendAndConfirmAsync(old, "unknown, waited for");
        await SendAsync(old, "unknown");
        await Eventually.HoldsAsync(() => before.Count == 7, "the peer has what it cannot acknowledge");
        proxy.IsOpen = false;
        proxy.Cut();
        await b.DisposeAsync();
        await Eventually.HoldsAsync(() => old.IsSuspended, "the link is gone");
        var notSent = SendAndConfirmAsync(old, "not sent, waited for");
        await SendAsync(old, "not sent");
        old.Undelivered.Should().BeEmpty("the connection may still resume");
        unknown.IsCompleted.Should().BeFalse();

        await using var restarted = await ProcessAsync(after);
        var connection = await MeetAsync(a, restarted, restartedDials);

        (await FailureAsync(unknown)).OutcomeUnknown.Should().BeTrue("it was written, and the peer may have it: here it does");
        (await FailureAsync(notSent)).OutcomeUnknown.Should().BeFalse("it never left");
        await old.Completion.WaitAsync(Eventually.Soon, Token);
        old.CloseReason.Should().Contain("began anew");
        Undelivered(old).Should().Equal(("unknown, waited for", true), ("unknown", true), ("not sent, waited for", false), ("not sent", false));

        connection.Should().NotBeSameAs(old);
        await SendAndConfirmAsync(connection, "new");
        before.Should().Equal([.. Enumerable.Range(0, 5).Select(i => $"done {i}"), "unknown, waited for", "unknown"], Promise.OnceAndInOrder);
        after.Should().Equal(["new"], "nothing of the old session goes to the new process");
        connection.Undelivered.Should().BeEmpty();
    }

    /// <summary>The peer's host loses power: its link looks good, and what is written to it arrives nowhere.</summary>
    [Fact]
    public async Task WhatWasWrittenToALinkThatLooksGood_IsUnknown_WhenTheRestartedPeerDials()
    {
        await using var a = await StreamTests.StartAsync();
        var (before, after) = (new ConcurrentQueue<string>(), new ConcurrentQueue<string>());
        await using var b = await ProcessAsync(before);
        await using var route = new FaultyRoute(IPAddress.Loopback, b.Addresses[0].EndPoint);
        var old = await a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, route.EndPoint, b.Id), Token);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "the peer has the session too");
        await SendAndConfirmAsync(old, "done");

        route.Stall(null);
        route.CutHalf(near: false);
        await b.DisposeAsync();
        var unknown = SendAndConfirmAsync(old, "unknown");
        var asked = old.RequestAsync(Work, new byte[] { 1 }, Token);
        await Eventually.HoldsAsync(() => old.Statistics.MessagesSent == 2, "it is written");
        old.IsSuspended.Should().BeFalse("else this shows nothing");
        await using var restarted = await ProcessAsync(after);
        var connection = await MeetAsync(a, restarted, restartedDials: true);

        (await FailureAsync(unknown)).OutcomeUnknown.Should().BeTrue("whoever sent it cannot know that it arrived nowhere");
        (await FailureAsync(asked)).Peer.Should().Be(_key.Id);
        await old.Completion.WaitAsync(Eventually.Soon, Token);
        old.CloseReason.Should().Contain("was restarted");
        Undelivered(old).Should().Equal(("unknown", true));
        await SendAndConfirmAsync(connection, "new");
        before.Should().Equal("done");
        after.Should().Equal("new");
    }

    /// <summary>The session that both share from now on, as the node sees it that was there all the time.</summary>
    private static async Task<PeerConnection> MeetAsync(CrustNode a, CrustNode restarted, bool restartedDials)
    {
        if (!restartedDials)
            return await a.ConnectToAddressAsync(restarted.Addresses[0], Token).WaitAsync(Eventually.Soon, Token);
        var theirs = await restarted.ConnectToAddressAsync(a.Addresses[0], Token).WaitAsync(Eventually.Soon, Token);
        await theirs.PingAsync(Token).WaitAsync(Eventually.Soon, Token);
        return a.Connections.Single();
    }

    private static IEnumerable<(string Text, bool IsUnknown)> Undelivered(PeerConnection connection) =>
        connection.Undelivered.Select(m => (Text(m.Payload), m.OutcomeUnknown));

    private static async Task<PeerConnectionClosedException> FailureAsync(Task task) =>
        (await FluentActions.Awaiting(() => task.WaitAsync(Eventually.Soon, Token)).Should().ThrowAsync<PeerConnectionClosedException>()).Which;

    private static Task SendAndConfirmAsync(PeerConnection connection, string text) =>
        connection.SendAndConfirmAsync(Work, Encoding.UTF8.GetBytes(text), Token);

    private static ValueTask SendAsync(PeerConnection connection, string text) => connection.SendAsync(Work, Encoding.UTF8.GetBytes(text), Token);

    private static string Text(ReadOnlyMemory<byte> payload) => Encoding.UTF8.GetString(payload.Span);

    /// <summary>A process of the peer, that started in a later millisecond than the one before, and keeps what it gets.</summary>
    private async Task<CrustNode> ProcessAsync(ConcurrentQueue<string> arrived)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Eventually.HoldsAsync(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > now, "the clock goes on");
        var node = await StreamTests.StartAsync(o => o.Identity = _key);
        node.Handle(Work, (m, _) =>
        {
            arrived.Enqueue(Text(m.Payload));
            return ValueTask.CompletedTask;
        });
        return node;
    }
}
