using System.Collections.Concurrent;
using Crust.Identity;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>One identity running twice: the newest process wins and the loser is told.</summary>
public sealed class IdentityTwiceTests
{
    private const string Newer = "A newer process runs under this identity";

    private readonly ConcurrentQueue<PeerConnection> _opened = new();

    [Fact]
    public async Task NewerProcess_TakesOver_AndTheOlderIsTold()
    {
        using var key = PeerIdentity.Create();
        await using var remote = await RemoteAsync();
        await using var older = await ProcessAsync(key);
        var told = Teller(older);
        var old = await older.ConnectToAddressAsync(remote.Addresses[0]);
        await Eventually.HoldsAsync(() => remote.Connections.Count == 1, "the other end has it too");
        var seen = remote.Connections.Single();
        await using var newer = await ProcessAsync(key);

        var connection = await newer.ConnectToAddressAsync(remote.Addresses[0]);

        await old.Completion.WaitAsync(Eventually.Soon);
        old.CloseReason.Should().Contain(Newer);
        (await told.WaitAsync(Eventually.Soon)).Should().Be(remote.Id);
        (await connection.PingAsync().WaitAsync(Eventually.Soon)).Should().BePositive();
        await seen.Completion.WaitAsync(Eventually.Soon);
        seen.CloseReason.Should().Contain("the peer was restarted, or runs twice");
        remote.Connections.Should().ContainSingle();
    }

    [Fact]
    public async Task OlderProcess_IsToldAfterItsHandshake_AndTheNewersSessionStays_HoweverOftenItTries()
    {
        using var key = PeerIdentity.Create();
        await using var remote = await RemoteAsync();
        await using var older = await ProcessAsync(key);
        await using var newer = await ProcessAsync(key);
        var connection = await newer.ConnectToAddressAsync(remote.Addresses[0]);
        // Whoever answers has the session only when the dialler's first record is there.
        await Eventually.HoldsAsync(() => remote.Connections.Count == 1, "the newer process has its session at both ends");

        for (var i = 0; i < 10; i++)
        {
            var told = Teller(older);
            var refused = await older.ConnectToAddressAsync(remote.Addresses[0]).WaitAsync(Eventually.Soon);
            await refused.Completion.WaitAsync(Eventually.Soon);
            refused.CloseReason.Should().Contain(Newer);
            (await told.WaitAsync(Eventually.Soon)).Should().Be(remote.Id);
        }

        connection.IsOpen.Should().BeTrue();
        (await connection.PingAsync().WaitAsync(Eventually.Soon)).Should().BePositive();
        _opened.Should().ContainSingle("the older process never had a session here");
    }

    [Fact]
    public async Task OlderProcess_IsToldToo_WhenItIsDialled()
    {
        using var key = PeerIdentity.Create();
        await using var remote = await RemoteAsync();
        await using var older = await ProcessAsync(key);
        await using var newer = await ProcessAsync(key);
        var told = Teller(older);
        // Both ways at once: the dial to the old address reaches the older process while the newer one's session is there.
        var toOlder = remote.ConnectToAddressAsync(older.Addresses[0]);
        await newer.ConnectToAddressAsync(remote.Addresses[0]);
        await toOlder;

        (await told.WaitAsync(Eventually.Soon)).Should().Be(remote.Id);
        await Eventually.HoldsAsync(() => older.Connections.Count == 0 && remote.Connections.Count == 1 && newer.Connections.Count == 1, "the newer one has the session");
        (await newer.Connections[0].PingAsync().WaitAsync(Eventually.Soon)).Should().BePositive();
    }

    [Fact]
    public async Task TwoThatBothWantTheSession_DoNotPushEachOtherOutInTurn()
    {
        using var key = PeerIdentity.Create();
        await using var remote = await RemoteAsync();
        await using var older = await ProcessAsync(key);
        await using var newer = await ProcessAsync(key);
        var tries = 0;

        // Applications that redial as soon as they lose it: the worst case, two hundred times.
        async Task RedialAsync(CrustNode node)
        {
            while (Interlocked.Increment(ref tries) <= 200)
            {
                var connection = await node.ConnectToAddressAsync(remote.Addresses[0]).WaitAsync(Eventually.Soon);
                if (node == newer)
                    await connection.PingAsync().WaitAsync(Eventually.Soon);
                else
                    await connection.Completion.WaitAsync(Eventually.Soon);
            }
        }

        await Task.WhenAll(RedialAsync(older), RedialAsync(newer));

        _opened.Count.Should().BeLessThanOrEqualTo(2, "at most the older one's first and the newer one's only");
        remote.Connections.Should().ContainSingle().Which.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task OlderProcess_IsWelcomeAgain_OnceTheNewerHasGone()
    {
        using var key = PeerIdentity.Create();
        await using var remote = await RemoteAsync();
        await using var older = await ProcessAsync(key);
        await using (var newer = await ProcessAsync(key))
            await (await newer.ConnectToAddressAsync(remote.Addresses[0])).PingAsync();
        await Loopback.HasNoSessionsAsync(remote);

        (await (await older.ConnectToAddressAsync(remote.Addresses[0])).PingAsync().WaitAsync(Eventually.Soon)).Should().BePositive();
    }

    private static Task<PeerId> Teller(CrustNode node)
    {
        var told = new TaskCompletionSource<PeerId>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.IdentityElsewhere += teller => told.TrySetResult(teller);
        return told.Task;
    }

    /// <summary>A process with the identity, that started in a later millisecond than any before it.</summary>
    private static async Task<CrustNode> ProcessAsync(PeerIdentity key)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await Eventually.HoldsAsync(() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() > now, "the clock goes on");
        return await Loopback.StartAsync(o => o.Identity = key);
    }

    private async Task<CrustNode> RemoteAsync()
    {
        var remote = await Loopback.StartAsync();
        remote.PeerConnected += _opened.Enqueue;
        return remote;
    }
}
