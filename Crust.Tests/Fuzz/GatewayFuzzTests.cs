using System.Net;
using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Tests.Cluster;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Mutated envelopes against both ends of the gateway protocol: no exception, whatever comes.</summary>
public sealed class GatewayFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 1_234;
    private const int Cases = 20_000;

    private static readonly PeerIdentity Peer = PeerIdentity.FromSeed(Enumerable.Repeat((byte)9, 32).ToArray());

    [Fact]
    public async Task RequestHandler_NeverThrows()
    {
        await using var gateway = await Loopback.StartAsync(o => o.IsGateway = true);
        await using var client = await Loopback.StartAsync();
        client.HandleInternal(GatewayCodec.Protocol, (_, _) => ValueTask.CompletedTask);
        await client.ConnectToAddressAsync(gateway.Addresses[0]);
        await Eventually.HoldsAsync(() => gateway.Connections.Count == 1, "the client is connected");
        var session = gateway.Connections[0].Session;
        await using var cluster = new CrustClusterClient(Nowhere(), NullLoggerFactory.Instance, TimeProvider.System);
        var peers = new AttachedPeers();
        await using var link = new ClusterLink(
            cluster, gateway.Id, () => new GatewayHeartbeat(1, [], "", 0, false), peers, TimeProvider.System, NullLogger<ClusterLink>.Instance);
        await using var dialBack = TestDialBack.ThatReachesNobody(gateway, link);
        peers.Other = command => dialBack.Handle(command);
        var handler = new RequestHandler(gateway, peers, link, dialBack, () => [], new MonotonicClock(TimeProvider.System));
        var mutator = new Mutator(Seed, Corpus(gateway.Id));
        output.WriteLine($"seed={Seed}: {Cases} cases");

        for (var i = 0; i < Cases; i++)
        {
            var message = new DeliveredMessage(session, GatewayCodec.Protocol, mutator.Next(), (ulong)i + 1, IsSigned: true, Evidence: null);
            await handler.HandleAsync(message, TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Soon);
        }

        session.Closure.Should().BeNull();
    }

    [Fact]
    public async Task PeersSide_NeverThrows()
    {
        await using var node = await Loopback.StartAsync();
        using var stranger = await RawPeer.ConnectAsync(node);
        await stranger.HandshakeAsync();
        await Eventually.HoldsAsync(() => node.Connections.Count == 1, "the stranger is connected");
        var session = node.Connections[0].Session;
        var client = new GatewayClient(session, TimeProvider.System);
        var contacts = new GatewayContacts([], _ => true);
        await using var attachment = new GatewayAttachment(
            new AttachmentOptions(Peer, default, [], 0, _ => true), (_, _) => Task.FromResult<SessionDriver?>(null), () => [], new MonotonicClock(TimeProvider.System), NullLogger.Instance);
        var mutator = new Mutator(Seed, Corpus(node.Id));
        var parsed = 0;

        for (var i = 0; i < Cases; i++)
        {
            var bytes = mutator.Next();
            _ = attachment.Handle(new DeliveredMessage(session, GatewayCodec.Protocol, bytes, (ulong)i + 1, IsSigned: true, Evidence: null));
            if (!GatewayCodec.TryParse(bytes, out var envelope))
                continue;
            parsed++;
            client.HandleResponse(envelope);
            if (envelope.AttachResponse is { } response)
                contacts.Learn(response.Gateways);
            if (envelope.SampleResponse is { } sample)
            {
                SampleCodec.Peers(sample, default, _ => true, TimeProvider.System.GetUtcNow()).Count.Should().BeLessThanOrEqualTo(GatewayCodec.MaxSampledPeers);
                SampleCodec.Gateways(sample.Gateways, _ => true).Count.Should().BeLessThanOrEqualTo(GatewayCodec.MaxGateways);
            }

            if (envelope.Introduction is { } introduction)
                PeerRecord.TryVerify(introduction.Record.Span, default, out _);
        }

        output.WriteLine($"seed={Seed}: {Cases} cases, {parsed} parsed");
        contacts.InOrder(null).Count.Should().BeLessThanOrEqualTo(GatewayCodec.MaxGateways);
        GatewayCodec.TryParse(new byte[GatewayCodec.MaxEnvelopeLength + 1], out _).Should().BeFalse();
    }

    /// <summary>A cluster that is away.</summary>
    private static CrustClientOptions Nowhere()
    {
        var options = new CrustClientOptions();
        options.EndPoints.Add("127.0.0.1:1");
        return options;
    }

    private static IReadOnlyList<byte[]> Corpus(PeerId gateway)
    {
        var now = TimeProvider.System.GetUtcNow();
        var record = ByteString.CopyFrom(new PeerRecord(
            Peer.Id, 1, now + TimeSpan.FromHours(1), 0, [new PeerAddress(TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:4000"), Peer.Id)]).Sign(Peer, default));
        var attachment = ByteString.CopyFrom(Attachment.Sign(Peer, default, gateway, 1, now));
        var id = ByteString.CopyFrom(Peer.Id.ToByteArray());
        var attempt = ByteString.CopyFrom(new byte[GatewayCodec.AttemptIdLength]);
        GatewayEnvelope[] envelopes =
        [
            new() { Id = 1, ObserveRequest = new ObserveRequest() },
            new() { Id = 2, ObserveResponse = new ObserveResponse { Observed = "203.0.113.7:4000" } },
            new() { Id = 3, AttachRequest = new AttachRequest { Attachment = attachment, Record = record } },
            new() { Id = 4, AttachResponse = new AttachResponse { Status = GatewayStatus.Ok, Gateways = { $"tcp://203.0.113.9:1/{Peer.Id}", "nonsense" } } },
            new() { Id = 5, FindRequest = new FindRequest { Peer = id } },
            new() { Id = 6, FindResponse = new FindResponse { Status = GatewayStatus.Ok, Record = record } },
            new() { Id = ulong.MaxValue, IntroduceRequest = new IntroduceRequest { Peer = id, Attempt = attempt, Record = record } },
            new() { Introduction = new Introduction { Record = record, Attempt = attempt } },
            new() { Id = 7, DialBackRequest = new DialBackRequest { Addresses = { $"tcp://127.0.0.1:1/{Peer.Id}" }, Contacted = { "203.0.113.1", "nonsense" }, Padding = ByteString.CopyFrom(new byte[2048]) } },
            new() { Id = 8, DialBackResponse = new DialBackResponse { Status = GatewayStatus.Ok, Results = { new DialBackResult { Outcome = DialBackOutcome.Reached, Independent = true } } } },
            new() { Id = 9, SampleRequest = new SampleRequest() },
            new() { Id = 10, SampleResponse = new SampleResponse { Status = GatewayStatus.Ok, Peers = { new SampledPeer { Record = record, Proven = 1 } }, Gateways = { $"tcp://203.0.113.9:1/{Peer.Id}", "nonsense" } } },
            new() { DrainNotice = new DrainNotice { Gateways = { $"tcp://203.0.113.9:1/{Peer.Id}", "nonsense" } } },
            new() { Id = 11, AttachResponse = new AttachResponse { Status = GatewayStatus.Draining } },
        ];
        return [.. envelopes.Select(e => e.ToByteArray())];
    }
}
