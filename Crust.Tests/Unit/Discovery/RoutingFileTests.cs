using System.Net;
using Crust.Discovery.Routing;
using Crust.Discovery.Routing.Driver;
using Crust.Identity;
using Crust.PeerProtocol;
using Crust.Tests.Processes;
using FluentAssertions;
using Google.Protobuf;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

/// <summary>A table on disk.</summary>
public sealed class RoutingFileTests : IDisposable
{
    private static readonly NetworkId Network = NetworkId.FromName("routing-tests");

    private readonly TemporaryFolder _folder = new();
    private readonly PeerIdentity _peer = PeerIdentity.Create();

    private string File => _folder.PathOf("table");

    public void Dispose()
    {
        _peer.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void WhatWasSaved_IsLoaded()
    {
        var known = Known(Network, TimeSpan.FromHours(1));
        Open().Save([known]).Should().BeTrue();
        Open().Load().Should().ContainSingle().Which.Signed.ToArray().Should().Equal(known.Signed.ToArray());
        Directory.GetFiles(_folder.PathOf(".")).Should().ContainSingle("nothing else is left behind");
    }

    [Fact]
    public void WithoutAFile_ThereIsNobody() => Open().Load().Should().BeEmpty();

    [Fact]
    public void ADamagedFile_IsSetAside_WhereverItIsDamaged()
    {
        Open().Save([Known(Network, TimeSpan.FromHours(1))]);
        var good = System.IO.File.ReadAllBytes(File);
        for (var i = 0; i < good.Length; i += 7)
        {
            var bad = good.ToArray();
            bad[i] ^= 1;
            System.IO.File.WriteAllBytes(File, bad);
            Open().Load().Should().BeEmpty();
            System.IO.File.Exists(File).Should().BeFalse();
            System.IO.File.ReadAllBytes(File + ".corrupt").Should().Equal(bad);
        }

        System.IO.File.WriteAllBytes(File, good[..^1]);
        Open().Load().Should().BeEmpty();
        Open().Save([Known(Network, TimeSpan.FromHours(1))]).Should().BeTrue();
        Open().Load().Should().ContainSingle();
    }

    [Fact]
    public void ARecordOfAnotherNetwork_OrOneThatExpired_IsLeftOut()
    {
        var other = NetworkId.FromName("other");
        var file = RoutingTableCodec.Write(Network, [Known(other, TimeSpan.FromHours(1)), Known(Network, TimeSpan.FromHours(2))]);
        RoutingTableCodec.TryRead(file, Network, DateTimeOffset.UtcNow, out var peers).Should().BeTrue();
        peers.Should().ContainSingle();
        RoutingTableCodec.TryRead(file, Network, DateTimeOffset.UtcNow + TimeSpan.FromHours(3), out peers).Should().BeTrue();
        peers.Should().BeEmpty();
        RoutingTableCodec.TryRead(file, other, DateTimeOffset.UtcNow, out peers).Should().BeTrue();
        peers.Should().BeEmpty();
    }

    [Fact]
    public void AForgedRecord_IsNobodysWord()
    {
        var signed = Known(Network, TimeSpan.FromHours(1)).Signed.ToArray();
        for (var i = 0; i < signed.Length; i++)
        {
            var forged = signed.ToArray();
            forged[i] ^= 4;
            KnownPeer.TryVerify(forged, Network, DateTimeOffset.UtcNow, out _).Should().BeFalse();
        }
    }

    [Fact]
    public void AMessageOutOfBounds_IsDropped()
    {
        PeersTalk.TryParse([], out _).Should().BeFalse();
        PeersTalk.TryParse(new PeersEnvelope { Record = new RecordNotice() }.ToByteArray(), out _).Should().BeTrue();
        PeersTalk.TryParse(new PeersEnvelope { Id = 1, Record = new RecordNotice() }.ToByteArray(), out _).Should().BeFalse();
        PeersTalk.TryParse(new PeersEnvelope { Id = 1, ClosestRequest = new ClosestRequest { Target = ByteString.CopyFrom(new byte[31]) } }.ToByteArray(), out _).Should().BeFalse();
        PeersTalk.TryParse(new PeersEnvelope { Id = 1, ClosestRequest = new ClosestRequest { Target = ByteString.CopyFrom(new byte[32]) } }.ToByteArray(), out _).Should().BeTrue();
        PeersTalk.TryParse(new PeersEnvelope { MeetRequest = new MeetRequest() }.ToByteArray(), out _).Should().BeFalse("a request has a number");
        var many = new ClosestResponse();
        many.Records.AddRange(Enumerable.Repeat(ByteString.Empty, PeersTalk.MaxRecords + 1));
        PeersTalk.TryParse(new PeersEnvelope { Id = 1, ClosestResponse = many }.ToByteArray(), out _).Should().BeFalse();
        PeersTalk.TryParse(new byte[PeersTalk.MaxLength + 1], out _).Should().BeFalse();
    }

    private RoutingFile Open() => new(File, Network, TimeProvider.System);

    private KnownPeer Known(NetworkId network, TimeSpan life)
    {
        var record = new PeerRecord(_peer.Id, 1, DateTimeOffset.UtcNow + life, 0, [new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 4000), _peer.Id)]);
        return KnownPeer.FromVerified(record, record.Sign(_peer, network));
    }
}
