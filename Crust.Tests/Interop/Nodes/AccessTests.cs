using System.Net;
using System.Net.Sockets;
using Crust.Access;
using Crust.Session.Driver;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

public sealed class AccessTests(ITestOutputHelper output)
{
    private static readonly IPNetwork LoopbackNetwork = IPNetwork.Parse("127.0.0.0/8");

    [Fact]
    public async Task Deny_EndsTheSessionWithinASecond_TellsThePeer_AndItCannotReturn()
    {
        await using var node = await Loopback.StartAsync();
        await using var peer = await Loopback.StartAsync();
        var connection = await peer.ConnectToAddressAsync(node.Addresses[0]);
        await connection.PingAsync();

        node.Access.Deny(peer.Id);

        var took = await Eventually.HoldsAsync(() => !connection.IsOpen && node.Connections.Count == 0, "the session ends", TimeSpan.FromSeconds(3));
        output.WriteLine($"ended after {took.TotalMilliseconds:0} ms (promised: 1000)");
        connection.CloseReason.Should().Contain("does not allow this peer");
        await connection.Completion.WaitAsync(Eventually.Soon);
        var again = () => peer.ConnectToAddressAsync(node.Addresses[0]).WaitAsync(Eventually.Soon);
        (await again.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.HandshakeFailed, "who is not allowed is not told so");
        node.Refusals.DeniedPeers.Should().Be(1);
        node.Connections.Should().BeEmpty();
        await Loopback.ServesHonestPeersAsync(node);
    }

    [Fact]
    public async Task Removal_OfADenial_LetsThePeerBackIn()
    {
        await using var node = await Loopback.StartAsync();
        await using var peer = await Loopback.StartAsync();
        node.Access.Deny(peer.Id);
        var connect = () => peer.ConnectToAddressAsync(node.Addresses[0]).WaitAsync(Eventually.Soon);
        await connect.Should().ThrowAsync<ConnectException>();

        node.Access.Remove(peer.Id);

        (await (await connect()).PingAsync()).Should().BePositive();
    }

    [Fact]
    public async Task AllowList_LetsInThoseOnIt_AndEndsTheOthers()
    {
        await using var node = await Loopback.StartAsync();
        await using var friend = await Loopback.StartAsync();
        await using var stranger = await Loopback.StartAsync();
        var withFriend = await friend.ConnectToAddressAsync(node.Addresses[0]);
        var withStranger = await stranger.ConnectToAddressAsync(node.Addresses[0]);

        node.Access.Allow(friend.Id);

        await withStranger.Completion.WaitAsync(Eventually.Soon);
        (await withFriend.PingAsync()).Should().BePositive();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the stranger's session is wound up here too");
        node.Connections.Should().ContainSingle().Which.Peer.Should().Be(friend.Id);
        var again = () => stranger.ConnectToAddressAsync(node.Addresses[0]).WaitAsync(Eventually.Soon);
        await again.Should().ThrowAsync<ConnectException>();

        node.Access.Replace(AccessRules.Everyone.Allow(stranger.Id));
        await withFriend.Completion.WaitAsync(Eventually.Soon);
        (await (await again()).PingAsync()).Should().BePositive();
    }

    [Fact]
    public async Task DeniedNetwork_IsRefusedBeforeAnyKeyIsComputed_AndItsSessionsEnd()
    {
        await using var node = await Loopback.StartAsync();
        await using var peer = await Loopback.StartAsync();
        var connection = await peer.ConnectToAddressAsync(node.Addresses[0]);
        var before = node.HandshakeComputations;
        before.Should().BePositive("the counter counts");

        node.Access.Deny(LoopbackNetwork);

        await connection.Completion.WaitAsync(Eventually.Soon);
        for (var i = 0; i < 20; i++)
        {
            try
            {
                using var caller = await RawPeer.ConnectAsync(node);
                await caller.Stream.WriteAsync(caller.Message1());
                (await caller.ReadToEndAsync().WaitAsync(Eventually.Soon)).Should().Be(0);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // It was closed before we had written, or even looked: that is the point.
            }
        }

        await Eventually.HoldsAsync(() => node.Refusals.DeniedAddresses == 20, "each was refused");
        node.HandshakeComputations.Should().Be(before, "a denied network costs an accept and a close");
        node.Access.Remove(LoopbackNetwork);
        await Loopback.ServesHonestPeersAsync(node);
    }

    [Fact]
    public async Task NotAllowed_IsNotDialled()
    {
        await using var node = await Loopback.StartAsync();
        await using var peer = await Loopback.StartAsync();
        var connect = () => node.ConnectToAddressAsync(peer.Addresses[0]).WaitAsync(Eventually.Soon);

        node.Access.Deny(peer.Id);
        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.NotAllowed);
        var byId = () => node.ConnectAsync(peer.Id).WaitAsync(Eventually.Soon);
        (await byId.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.NotAllowed);
        node.Access.Replace(AccessRules.Everyone.Deny(LoopbackNetwork));
        (await connect.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.NotAllowed);

        peer.Refusals.Should().Be(new AdmissionStatistics());
        peer.HandshakeComputations.Should().Be(0, "nothing reached the peer");
        node.Access.Replace(AccessRules.Everyone);
        (await (await connect()).PingAsync()).Should().BePositive();
    }

    [Fact]
    public async Task ListThatChangesDuringHandshakes_LetsNobodySlipThrough()
    {
        await using var node = await Loopback.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            await using var peer = await Loopback.StartAsync();
            var connecting = peer.ConnectToAddressAsync(node.Addresses[0]);
            // At another moment of the handshake each time.
            await Task.WhenAny(connecting, Task.Run(() => Thread.SpinWait(round * 20_000)));
            node.Access.Deny(peer.Id);
            try
            {
                await (await connecting.WaitAsync(Eventually.Soon)).Completion.WaitAsync(Eventually.Soon);
            }
            catch (ConnectException)
            {
                // Refused before it was a session.
            }

            await Loopback.HasNoSessionsAsync(node);
        }
    }

    [Fact]
    public async Task AccessFile_IsFollowed_ByARunningNode()
    {
        var folder = Directory.CreateTempSubdirectory("crust-access-").FullName;
        try
        {
            var path = Path.Combine(folder, "access");
            await File.WriteAllTextAsync(path, "# everyone\n");
            await using var node = await Loopback.StartAsync(o => o.AccessFile = path);
            await using var peer = await Loopback.StartAsync();
            var connection = await peer.ConnectToAddressAsync(node.Addresses[0]);

            await File.WriteAllTextAsync(path, $"deny {peer.Id}\n");

            var took = await Eventually.HoldsAsync(() => !connection.IsOpen, "the session ends", TimeSpan.FromSeconds(6));
            output.WriteLine($"ended {took.TotalMilliseconds:0} ms after the edit (promised: 2000)");
            await File.WriteAllTextAsync(path, "nonsense\n");
            var start = () => Loopback.StartAsync(o => o.AccessFile = path);
            (await start.Should().ThrowAsync<InvalidDataException>()).WithMessage("*line 1: *");
            node.Access.Rules.Allows(peer.Id).Should().BeFalse();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task SharedList_CountsForEachNode_UntilItStops()
    {
        var access = new PeerAccess();
        await using var first = await Loopback.StartAsync(o => o.Access = access);
        var second = await Loopback.StartAsync(o => o.Access = access);
        await using var peer = await Loopback.StartAsync();
        var one = await peer.ConnectToAddressAsync(first.Addresses[0]);
        var other = await peer.ConnectToAddressAsync(second.Addresses[0]);

        access.Deny(peer.Id);
        await Task.WhenAll(one.Completion, other.Completion).WaitAsync(Eventually.Soon);

        await second.DisposeAsync();
        access.Remove(peer.Id);
        (await (await peer.ConnectToAddressAsync(first.Addresses[0])).PingAsync()).Should().BePositive();
    }
}
