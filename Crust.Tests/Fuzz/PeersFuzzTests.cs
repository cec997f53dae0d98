using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Session.Driver;
using Crust.Tests.Interop.Hostile;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Mutated envelopes of peers to a node that answers them: no exception, no end of the session, and a table that holds nothing but signed records.</summary>
public sealed class PeersFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 4_321;
    private const int Cases = 20_000;

    private static readonly PeerIdentity Peer = PeerIdentity.FromSeed(Enumerable.Repeat((byte)11, 32).ToArray());

    [Fact]
    public void Parser_TakesNothingOutOfBounds()
    {
        var mutator = new Mutator(Seed, Corpus());
        var parsed = 0;
        for (var i = 0; i < Cases; i++)
        {
            if (!PeersTalk.TryParse(mutator.Next(), out var envelope))
                continue;
            parsed++;
            (envelope.ClosestResponse?.Records.Count ?? 0).Should().BeLessThanOrEqualTo(PeersTalk.MaxRecords);
            (envelope.ClosestRequest?.Target.Length ?? PeersTalk.TargetLength).Should().Be(PeersTalk.TargetLength);
            foreach (var record in envelope.ClosestResponse?.Records ?? [])
                _ = KnownPeer.TryVerify(record.Span, default, TimeProvider.System.GetUtcNow(), out _);
        }

        output.WriteLine($"seed={Seed}: {Cases} cases, {parsed} parsed");
        parsed.Should().BePositive();
        PeersTalk.TryParse(new byte[PeersTalk.MaxLength + 1], out _).Should().BeFalse();
    }

    [Fact]
    public async Task Node_OutlivesWhateverAPeerSays()
    {
        var folder = System.IO.Directory.CreateTempSubdirectory("crust-peers-fuzz");
        try
        {
            await using var node = await Loopback.StartAsync(o => o.RoutingTableFile = Path.Combine(folder.FullName, "table"));
            await using var peer = await Loopback.StartAsync();
            var connection = await peer.ConnectToAddressAsync(node.Addresses[0]);
            var mutator = new Mutator(Seed, Corpus());
            for (var i = 0; i < Cases / 10; i++)
                await connection.Session.Sender.SendAsync(PeersTalk.Protocol, mutator.Next(), SessionDriver.DefaultPriority, TestContext.Current.CancellationToken);
            (await connection.PingAsync(TestContext.Current.CancellationToken)).Should().BePositive();
            node.KnownPeers.Should().BeLessThanOrEqualTo(1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static IReadOnlyList<byte[]> Corpus()
    {
        var now = TimeProvider.System.GetUtcNow();
        var record = ByteString.CopyFrom(new PeerRecord(
            Peer.Id, 1, now + TimeSpan.FromHours(1), 0, [new PeerAddress(TransportKind.Tcp, IPEndPoint.Parse("203.0.113.7:4000"), Peer.Id)]).Sign(Peer, default));
        var id = ByteString.CopyFrom(Peer.Id.ToByteArray());
        PeersEnvelope[] envelopes =
        [
            new() { Record = new RecordNotice { Record = record } },
            new() { Id = 1, ClosestRequest = new ClosestRequest { Target = ByteString.CopyFrom(new byte[PeersTalk.TargetLength]), Record = record } },
            new() { Id = 2, ClosestResponse = new ClosestResponse { Records = { record, record }, Record = record } },
            new() { Id = 3, MeetRequest = new MeetRequest { Peer = id, Record = record } },
            new() { Id = 4, MeetResponse = new MeetResponse { Status = MeetStatus.MeetOk } },
            new() { Id = ulong.MaxValue, CallerRequest = new CallerRequest { Record = record } },
        ];
        return [.. envelopes.Select(e => e.ToByteArray())];
    }
}
