using Crust.Identity;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Limits on what others may begin. Loopback is exempt unless told otherwise: these nodes are told.</summary>
public sealed class AdmissionTests(ITestOutputHelper output)
{
    [Fact]
    public async Task FloodOfHandshakesFromOnePeer_IsThrottled_WhileAnotherConnects()
    {
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Admission.ExemptLoopback = false;
            o.Admission.PeerHandshakesPerSecond = 1;
            o.Admission.PeerHandshakeBurst = 5;
        });
        using var flooder = PeerIdentity.Create();
        var answered = 0;
        for (var i = 0; i < 60; i++)
        {
            using var link = await RawPeer.ConnectAsync(node, flooder);
            await link.Stream.WriteAsync(link.Message1());
            answered += await link.ReadUnitAsync().WaitAsync(Eventually.Soon) is null ? 0 : 1;
            if (i % 20 == 10)
                await Loopback.ServesHonestPeersAsync(node);
        }

        output.WriteLine($"{answered} of 60 were answered");
        answered.Should().BeInRange(5, 50, "5 at once and one for each second that it took");
        node.Refusals.ThrottledPeers.Should().Be(60 - answered);
        await Loopback.ServesHonestPeersAsync(node);
    }

    [Fact]
    public async Task OnePrefix_OpensItsShareOfSessions_AndGetsPlacesBackWhenTheyEnd()
    {
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Admission.ExemptLoopback = false;
            o.MaxSessions = 12;
        });
        var peers = new List<CrustNode>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                peers.Add(await Loopback.StartAsync());
                await peers[i].ConnectToAddressAsync(node.Addresses[0]);
            }

            await using var fourth = await Loopback.StartAsync();
            var connect = () => fourth.ConnectToAddressAsync(node.Addresses[0]).WaitAsync(Eventually.Soon);
            await connect.Should().ThrowAsync<ConnectException>();
            node.Refusals.CrowdedPrefixes.Should().Be(1);
            node.Connections.Should().HaveCount(3);

            // What the node itself begins is its own choice.
            (await (await node.ConnectToAddressAsync(fourth.Addresses[0])).PingAsync()).Should().BePositive();
            await node.Connections.Single(c => c.Peer == fourth.Id).CloseAsync();

            await peers[0].DisposeAsync();
            await Eventually.HoldsAsync(() => node.Connections.Count == 2, "one left");
            (await (await connect()).PingAsync()).Should().BePositive();
        }
        finally
        {
            foreach (var peer in peers)
                await peer.DisposeAsync();
        }
    }

    [Fact]
    public async Task SilentLinks_OfOnePrefix_KeepToTheirPlaces()
    {
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Admission.ExemptLoopback = false;
            o.Admission.MaxUnprovenPerPrefix = 4;
        });
        var silent = new List<RawPeer>();
        for (var i = 0; i < 10; i++)
            silent.Add(await RawPeer.ConnectAsync(node));

        // The oldest six made room, long before their time was over.
        await Task.WhenAll(silent.Take(6).Select(s => s.ReadToEndAsync())).WaitAsync(TimeSpan.FromSeconds(8));
        await Loopback.ServesHonestPeersAsync(node);
        silent.ForEach(s => s.Dispose());
        await Loopback.HasNoSessionsAsync(node);
    }

    [Fact]
    public async Task NonsensicalLimits_AreRefusedAtTheStart()
    {
        var start = () => Loopback.StartAsync(o => o.Admission.SessionShare = 0);
        await start.Should().ThrowAsync<ArgumentOutOfRangeException>();
    }
}
