using System.Net;
using Crust.Primitives;
using Crust.Udp;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Udp;

public sealed class DemultiplexerTests
{
    private static readonly TransportAddress Remote = TransportAddress.FromIPv4(0x7F000001, 1);
    private static readonly byte[] BindingRequest = Convert.FromHexString("000100002112A442000102030405060708090A0B");
    private static readonly byte[] BindingSuccess = Convert.FromHexString("010100002112A442000102030405060708090A0B");
    private static readonly byte[] BindingError = Convert.FromHexString("011100002112A442000102030405060708090A0B");

    /// <summary>A µTP DATA that begins like a STUN success: extension 1, but another "cookie".</summary>
    private static readonly byte[] UtpData = Convert.FromHexString("010112340000000000000000000000000001000299AA");

    [Fact]
    public void Datagrams_GoWhereTheyBelong()
    {
        var stun = new Stun { Live = true };
        var utp = new Inbox();
        Deliver(stun, utp, BindingRequest, BindingSuccess, BindingError, UtpData, [0x41], [0x01]);
        stun.Taken.Should().BeEquivalentTo([BindingRequest, BindingSuccess, BindingError], options => options.WithStrictOrdering());
        utp.Datagrams.Select(datagram => datagram.Datagram).Where(datagram => datagram[0] != 0)
            .Should().BeEquivalentTo([UtpData, [0x41], [0x01]], options => options.WithStrictOrdering());
    }

    [Fact]
    public void AResponseThatNobodyWaitsFor_IsUtp()
    {
        var stun = new Stun();
        var utp = new Inbox();
        Deliver(stun, utp, BindingSuccess, BindingError, BindingSuccess[..19]);
        stun.Taken.Should().BeEmpty();
        utp.Datagrams.Should().HaveCount(3).And.OnlyContain(datagram => datagram.Datagram[0] == 1);
    }

    [Fact]
    public void WithoutAHandler_EverythingIsUtps()
    {
        var utp = new Inbox();
        Deliver(null, utp, BindingRequest, UtpData);
        utp.Datagrams.Select(datagram => datagram.Datagram).Should().BeEquivalentTo([BindingRequest, UtpData]);
    }

    [Fact]
    public void ATrain_IsLookedAtDatagramByDatagram()
    {
        var stun = new Stun { Live = true };
        var utp = new Inbox();
        var joined = BindingSuccess.Concat(UtpData[..20]).Concat(BindingError).Concat(UtpData[..7]).ToArray();
        Deliver(stun, utp, [(joined, 20)]);
        stun.Taken.Should().HaveCount(2);
        utp.Datagrams.Count(datagram => datagram.Datagram[0] != 0).Should().Be(2);
    }

    [Fact]
    public async Task StunAndUtp_ShareOneSocket()
    {
        using var one = new Demultiplexer(DatagramSockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), new DatagramSocketOptions()));
        using var other = new Demultiplexer(DatagramSockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), new DatagramSocketOptions()));
        var stun = new Stun { Live = true };
        var utp = new Inbox();
        one.Stun = stun;
        one.Start(utp);
        other.Start(new Inbox());
        var target = TransportAddress.From(one.LocalEndPoint);
        other.TrySend(BindingRequest, target).Should().BeTrue();
        other.TrySend(UtpData, target).Should().BeTrue();
        await Eventually.HoldsAsync(() => stun.Taken.Count == 1 && utp.Datagrams.Any(datagram => datagram.Datagram[0] == 1), "each has its own");
    }

    private static void Deliver(Stun? stun, Inbox utp, params byte[][] datagrams) => Deliver(stun, utp, [.. datagrams.Select(d => (d, d.Length))]);

    private static void Deliver(Stun? stun, Inbox utp, (byte[] Bytes, int SegmentLength)[] trains)
    {
        var batch = new DatagramBatch(4096, 16);
        var offset = 0;
        foreach (var (bytes, segmentLength) in trains)
        {
            bytes.CopyTo(batch.Buffer[offset..]);
            batch.Add(offset, bytes.Length, segmentLength, Remote);
            offset += bytes.Length;
        }

        using var demultiplexer = new Demultiplexer(DatagramSockets.Bind(new IPEndPoint(IPAddress.Loopback, 0), new DatagramSocketOptions())) { Stun = stun };
        demultiplexer.Start(utp);
        demultiplexer.HandleReceived(batch);
    }

    private sealed class Stun : IStunHandler
    {
        internal bool Live { get; init; }

        internal List<byte[]> Taken { get; } = [];

        public bool Claims(ReadOnlySpan<byte> message, TransportAddress remote) => Live;

        public void Handle(ReadOnlySpan<byte> message, TransportAddress remote)
        {
            lock (Taken)
                Taken.Add(message.ToArray());
        }
    }
}
