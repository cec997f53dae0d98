using System.Diagnostics;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>An attachment and a gateway that takes everybody, over a real session.</summary>
public sealed class AttachmentTests
{
    [Fact]
    [Trait("speed", "slow")]
    public async Task ManyRenewals_AreOneAttachment()
    {
        // A span of time was doubled at each renewal: after 38 of them, some three hours, it overflowed, and the attachment was lost for ten seconds.
        await using var gateway = await Loopback.StartAsync();
        Answers(gateway, GatewayStatus.Ok);
        await using var node = await Loopback.StartAsync();
        using var identity = PeerIdentity.Create();
        var (attached, renewed) = (0, 0);
        await using var attachment = Attach(node, identity, gateway);
        attachment.Attached += () => Interlocked.Increment(ref attached);
        attachment.Renewed += () => Interlocked.Increment(ref renewed);
        attachment.Start();

        for (var i = 1; i <= 45; i++)
        {
            await Eventually.HoldsAsync(() => Volatile.Read(ref renewed) >= i, $"the gateway took it {i} times");
            attachment.Renew();
        }

        attached.Should().Be(1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task OfTwoGateways_TheOneThatReachesTheCluster_IsTaken(int reaches)
    {
        await using var first = await Loopback.StartAsync();
        await using var second = await Loopback.StartAsync();
        CrustNode[] gateways = [first, second];
        foreach (var gateway in gateways)
            Answers(gateway, gateway == gateways[reaches] ? GatewayStatus.Ok : GatewayStatus.Unavailable);
        await using var node = await Loopback.StartAsync();
        using var identity = PeerIdentity.Create();
        await using var attachment = Attach(node, identity, gateways);
        attachment.Start();

        (await attachment.WaitUntilAttachedAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon)).Should().BeTrue();

        attachment.Current!.Gateway.Should().Be(gateways[reaches].Id);
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the other one is left");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task WhereNoneReachesTheCluster_OneOfThem_WillDo(int count)
    {
        var gateways = new List<CrustNode>();
        try
        {
            for (var i = 0; i < count; i++)
            {
                gateways.Add(await Loopback.StartAsync());
                Answers(gateways[i], GatewayStatus.Unavailable);
            }

            await using var node = await Loopback.StartAsync();
            using var identity = PeerIdentity.Create();
            await using var attachment = Attach(node, identity, [.. gateways]);
            attachment.Start();

            (await attachment.WaitUntilAttachedAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon)).Should().BeTrue();

            gateways.Select(g => g.Id).Should().Contain(attachment.Current!.Gateway);
            attachment.Current.IsCutOff.Should().BeTrue();
            await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the others are left");
            attachment.Current!.Session.Closure.Should().BeNull();
        }
        finally
        {
            foreach (var gateway in gateways)
                await gateway.DisposeAsync();
        }
    }

    [Fact]
    public async Task AMuteContact_HoldsNobodyUp_WhoHasAGatewayThatIsCutOff()
    {
        await using var mute = TcpBlackHole.Create();
        await using var gateway = await Loopback.StartAsync();
        Answers(gateway, GatewayStatus.Unavailable);
        await using var node = await Loopback.StartAsync();
        using var identity = PeerIdentity.Create();
        using var other = PeerIdentity.Create();
        await using var attachment = Attach(node, identity, [gateway.Addresses[0], new PeerAddress(TransportKind.Tcp, mute.EndPoint, other.Id)]);
        attachment.Start();

        var watch = Stopwatch.StartNew();
        (await attachment.WaitUntilAttachedAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon)).Should().BeTrue();

        attachment.Current!.Gateway.Should().Be(gateway.Id);
        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(6), "its address may be waited for for 10 s, but not by somebody who has a gateway");
    }

    private static GatewayAttachment Attach(CrustNode node, PeerIdentity identity, params CrustNode[] gateways) => Attach(node, identity, [.. gateways.Select(g => g.Addresses[0])]);

    private static GatewayAttachment Attach(CrustNode node, PeerIdentity identity, IReadOnlyList<PeerAddress> contacts)
    {
        var attachment = new GatewayAttachment(
            new AttachmentOptions(identity, default, contacts, 0, _ => true),
            async (contact, cancellationToken) =>
            {
                try
                {
                    return (await node.ConnectToAddressAsync(contact[0], cancellationToken)).Session;
                }
                catch (ConnectException)
                {
                    return null;
                }
            },
            () => [], new MonotonicClock(TimeProvider.System), NullLogger.Instance);
        node.HandleInternal(GatewayCodec.Protocol, (message, _) =>
        {
            attachment.Handle(message);
            return ValueTask.CompletedTask;
        });
        return attachment;
    }

    /// <summary>Has a node answer as a gateway that takes everybody, with this status.</summary>
    private static void Answers(CrustNode gateway, GatewayStatus status) => gateway.HandleInternal(GatewayCodec.Protocol, async (message, cancellationToken) =>
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var request))
            return;
        var response = request.BodyCase == GatewayEnvelope.BodyOneofCase.AttachRequest
            ? new GatewayEnvelope { Id = request.Id, AttachResponse = new AttachResponse { Status = status } }
            : new GatewayEnvelope { Id = request.Id, ObserveResponse = new ObserveResponse() };
        await message.Session.Sender.SendAsync(GatewayCodec.Protocol, response.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken);
    });
}
