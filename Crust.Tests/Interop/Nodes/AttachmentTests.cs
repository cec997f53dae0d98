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
        gateway.HandleInternal(GatewayCodec.Protocol, AnswerAsync);
        await using var node = await Loopback.StartAsync();
        using var identity = PeerIdentity.Create();
        var (attached, renewed) = (0, 0);
        await using var attachment = new GatewayAttachment(
            new AttachmentOptions(identity, default, [gateway.Addresses[0]], 0, _ => true),
            async (contact, cancellationToken) => (await node.ConnectToAddressAsync(contact[0], cancellationToken)).Session,
            () => [], new MonotonicClock(TimeProvider.System), NullLogger.Instance);
        attachment.Attached += () => Interlocked.Increment(ref attached);
        attachment.Renewed += () => Interlocked.Increment(ref renewed);
        node.HandleInternal(GatewayCodec.Protocol, (message, _) =>
        {
            attachment.Handle(message);
            return ValueTask.CompletedTask;
        });
        attachment.Start();

        for (var i = 1; i <= 45; i++)
        {
            await Eventually.HoldsAsync(() => Volatile.Read(ref renewed) >= i, $"the gateway took it {i} times");
            attachment.Renew();
        }

        attached.Should().Be(1);
    }

    private static async ValueTask AnswerAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var request))
            return;
        var response = request.BodyCase == GatewayEnvelope.BodyOneofCase.AttachRequest
            ? new GatewayEnvelope { Id = request.Id, AttachResponse = new AttachResponse { Status = GatewayStatus.Ok } }
            : new GatewayEnvelope { Id = request.Id, ObserveResponse = new ObserveResponse() };
        await message.Session.Sender.SendAsync(GatewayCodec.Protocol, response.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken);
    }
}
