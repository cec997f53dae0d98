using Crust.Discovery.Lan;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Discovery;

/// <summary>The datagrams of LAN discovery.</summary>
public sealed class LanPacketTests
{
    private static readonly NetworkId Network = NetworkId.FromName("lan-tests");

    private static readonly LanPort[] Ports = [new(TransportKind.Tcp, 4000), new(TransportKind.Utp, 65535)];

    [Fact]
    public void Announcement_ComesBackAsItWas_AndVerifies()
    {
        using var identity = PeerIdentity.Create();
        var bytes = LanPacket.Announce(identity, Network, 77, Ports);

        LanPacket.TryRead(bytes, Network, out var announcement, out var kind).Should().BeTrue();

        kind.Should().Be(LanPacketKind.Announce);
        (announcement.Peer, announcement.Sequence).Should().Be((identity.Id, 77UL));
        announcement.Ports.Should().Equal(Ports);
        LanPacket.Verify(bytes, Network).Should().BeTrue();
        bytes.Length.Should().Be(13 + 32 + 8 + 1 + (2 * 3) + 64);
        bytes[..5].Should().Equal((byte)'c', (byte)'r', (byte)'l', (byte)1, (byte)1);
    }

    [Fact]
    public void WithoutPorts_ItIsALeave()
    {
        using var identity = PeerIdentity.Create();
        var bytes = LanPacket.Announce(identity, Network, 1, []);

        LanPacket.TryRead(bytes, Network, out var announcement, out var kind).Should().BeTrue();

        kind.Should().Be(LanPacketKind.Leave);
        announcement.Ports.Should().BeEmpty();
        LanPacket.Verify(bytes, Network).Should().BeTrue();
    }

    [Fact]
    public void Query_NamesAPeer_OrAnybody()
    {
        using var identity = PeerIdentity.Create();

        LanPacket.TryRead(LanPacket.Query(Network, identity.Id), Network, out var named, out var kind).Should().BeTrue();
        LanPacket.TryRead(LanPacket.Query(Network, null), Network, out var anybody, out _).Should().BeTrue();

        kind.Should().Be(LanPacketKind.Query);
        named.Peer.Should().Be(identity.Id);
        anybody.Peer.Should().BeNull();
    }

    [Fact]
    public void AnotherNetwork_IsNotRead()
    {
        using var identity = PeerIdentity.Create();

        LanPacket.TryRead(LanPacket.Announce(identity, NetworkId.FromName("other"), 1, Ports), Network, out _, out _).Should().BeFalse();
        LanPacket.TryRead(LanPacket.Query(NetworkId.FromName("other"), null), Network, out _, out _).Should().BeFalse();
    }

    [Fact]
    public void WhateverIsChanged_IsNotReadOrDoesNotVerify()
    {
        using var identity = PeerIdentity.Create();
        var honest = LanPacket.Announce(identity, Network, 77, Ports);
        for (var bit = 0; bit < honest.Length * 8; bit++)
        {
            var bytes = (byte[])honest.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            // One that has become a query is too long for one.
            (LanPacket.TryRead(bytes, Network, out _, out _) && LanPacket.Verify(bytes, Network)).Should().BeFalse($"bit {bit} is another");
        }

        for (var length = 0; length < honest.Length; length++)
            LanPacket.TryRead(honest.AsSpan(0, length), Network, out _, out _).Should().BeFalse($"{length} bytes are too few");
        LanPacket.TryRead([.. honest, 0], Network, out _, out _).Should().BeFalse();
    }

    [Fact]
    public void Garbage_IsNotRead_AndThrowsNothing()
    {
        var random = new Random(1);
        var head = LanPacket.Query(Network, null).AsSpan(0, 13).ToArray();
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(0, 300)];
            random.NextBytes(bytes);
            // Most begin well, or nothing behind the beginning is looked at.
            if (random.Next(4) != 0)
                head.AsSpan(0, Math.Min(bytes.Length, head.Length)).CopyTo(bytes);
            if (bytes.Length > 4)
                bytes[4] = (byte)random.Next(0, 5);
            if (LanPacket.TryRead(bytes, Network, out _, out var kind) && kind != LanPacketKind.Query)
                LanPacket.Verify(bytes, Network).Should().BeFalse();
        }
    }
}
