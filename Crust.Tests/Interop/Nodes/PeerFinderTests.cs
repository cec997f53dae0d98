using System.Net;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Look-ups at a gateway that does not know a peer yet, over a real session.</summary>
public sealed class PeerFinderTests : IAsyncLifetime
{
    private readonly PeerIdentity _wanted = PeerIdentity.Create();
    private CrustNode _gateway = null!, _node = null!;
    private GatewayStatus _unknown = GatewayStatus.NotFound;
    private int _asked, _knownFrom;

    public async ValueTask InitializeAsync()
    {
        _gateway = await Loopback.StartAsync();
        _gateway.HandleInternal(GatewayCodec.Protocol, AnswerAsync);
        _node = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, Bootstrap = { _gateway.Addresses[0] }, PortMapping = false, ObserveNat = false });
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _gateway.DisposeAsync();
        _wanted.Dispose();
    }

    [Theory]
    [InlineData(nameof(GatewayStatus.NotFound))]
    [InlineData(nameof(GatewayStatus.Unavailable))]
    public async Task WhileSomethingElseIsTried_AGatewayIsAskedAgain(string first)
    {
        (_unknown, _knownFrom) = (Enum.Parse<GatewayStatus>(first), 3);
        var dialling = new TaskCompletionSource();

        var found = await _node.Finder.FindPatientlyAsync(_wanted.Id, dialling.Task, TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon);

        found.Record.Peer.Should().Be(_wanted.Id);
        _asked.Should().Be(3);
    }

    [Fact]
    public async Task WhenNothingElseIsTried_OneAnswerIsEnough()
    {
        _knownFrom = int.MaxValue;

        var find = () => _node.Finder.FindPatientlyAsync(_wanted.Id, Task.CompletedTask, TestContext.Current.CancellationToken).WaitAsync(Eventually.Soon);

        (await find.Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.PeerNotFound);
        _asked.Should().Be(1);
    }

    [Fact]
    public async Task WhenTheOtherThingEnds_TheLastAnswerCounts()
    {
        _knownFrom = int.MaxValue;
        var dialling = new TaskCompletionSource();

        var finding = _node.Finder.FindPatientlyAsync(_wanted.Id, dialling.Task, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => _asked >= 2, "it is asked again");
        finding.IsCompleted.Should().BeFalse();
        dialling.SetResult();

        (await FluentActions.Awaiting(() => finding.WaitAsync(Eventually.Soon)).Should().ThrowAsync<ConnectException>()).Which.Failure.Should().Be(ConnectFailure.PeerNotFound);
    }

    private async ValueTask AnswerAsync(DeliveredMessage message, CancellationToken cancellationToken)
    {
        if (!GatewayCodec.TryParse(message.Payload.Span, out var request))
            return;
        var response = request.BodyCase switch
        {
            GatewayEnvelope.BodyOneofCase.AttachRequest => new GatewayEnvelope { Id = request.Id, AttachResponse = new AttachResponse { Status = GatewayStatus.Ok } },
            GatewayEnvelope.BodyOneofCase.FindRequest => new GatewayEnvelope { Id = request.Id, FindResponse = Find() },
            _ => new GatewayEnvelope { Id = request.Id, ObserveResponse = new ObserveResponse() },
        };
        await message.Session.Sender.SendAsync(GatewayCodec.Protocol, response.ToByteArray(), SessionDriver.DefaultPriority, cancellationToken);
    }

    private FindResponse Find()
    {
        if (Interlocked.Increment(ref _asked) < _knownFrom)
            return new FindResponse { Status = _unknown };
        var record = new PeerRecord(_wanted.Id, 1, DateTimeOffset.UtcNow.AddHours(1), 0, []).Sign(_wanted, NetworkId.FromName(NetworkId.DefaultName));
        return new FindResponse { Status = GatewayStatus.Ok, Record = ByteString.CopyFrom(record) };
    }
}
