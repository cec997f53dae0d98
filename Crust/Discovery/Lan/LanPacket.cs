using Crust.Cryptography;
using Crust.Identity;
using Crust.Wire;

namespace Crust.Discovery.Lan;

/// <summary>
/// One datagram of LAN discovery: <c>magic (3) "crl" ‖ version u8 1 ‖ kind u8 ‖ network (8, the first of the network's hash) ‖ body</c>. The body of an announcement
/// and of a leave: <c>peer (32) ‖ sequence u64 ‖ count u8 ‖ count × (transport u8 ‖ port u16) ‖ signature (64)</c>, the <see cref="Statement"/> over the body and the
/// kind; of a query: <c>peer (32)</c>, zeros for anybody. Addresses are not in it: a peer is where its packets come from. Format and choice are ours.
/// </summary>
internal static class LanPacket
{
    /// <summary>Longest packet.</summary>
    internal const int MaxLength = HeadLength + BodyLength + (MaxPorts * PortLength) + Ed25519.SignatureLength;

    /// <summary>Most ports in an announcement. Ours.</summary>
    internal const int MaxPorts = 4;

    private const int NetworkLength = 8;
    private const int HeadLength = 5 + NetworkLength;
    private const int BodyLength = PeerId.ByteLength + sizeof(ulong) + 1;
    private const int PortLength = 3;
    private const byte Version = 1;

    private static ReadOnlySpan<byte> Magic => "crl"u8;

    /// <summary>Writes and signs an announcement, or, without ports, a leave.</summary>
    internal static byte[] Announce(PeerIdentity identity, NetworkId network, ulong sequence, IReadOnlyList<LanPort> ports)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ports.Count, MaxPorts);
        var kind = ports.Count > 0 ? LanPacketKind.Announce : LanPacketKind.Leave;
        var bytes = new byte[HeadLength + BodyLength + (ports.Count * PortLength) + Ed25519.SignatureLength];
        var writer = new SpanWriter(bytes);
        WriteHead(ref writer, kind, network);
        identity.Id.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteUInt64(sequence);
        writer.WriteByte((byte)ports.Count);
        foreach (var (transport, port) in ports)
        {
            writer.WriteByte((byte)transport);
            writer.WriteUInt16(port);
        }

        writer.WriteBytes(Statement.Sign(identity, Statement.LanContext, network, SignedPart(bytes)));
        return bytes;
    }

    /// <summary>Writes a query: whoever is the peer, or anybody, is to announce itself.</summary>
    internal static byte[] Query(NetworkId network, PeerId? peer)
    {
        var bytes = new byte[HeadLength + PeerId.ByteLength];
        var writer = new SpanWriter(bytes);
        WriteHead(ref writer, LanPacketKind.Query, network);
        peer?.CopyTo(writer.Reserve(PeerId.ByteLength));
        return bytes;
    }

    /// <summary>Reads a packet of the network, without verifying anything; false for anything else.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, NetworkId network, out LanAnnouncement announcement, out LanPacketKind kind)
    {
        announcement = default;
        kind = default;
        Span<byte> head = stackalloc byte[HeadLength];
        if (bytes.Length is < HeadLength + PeerId.ByteLength or > MaxLength)
            return false;
        kind = (LanPacketKind)bytes[Magic.Length + 1];
        var expected = new SpanWriter(head);
        WriteHead(ref expected, kind, network);
        if (!bytes[..HeadLength].SequenceEqual(head))
            return false;
        var peer = bytes.Slice(HeadLength, PeerId.ByteLength);
        switch (kind)
        {
            case LanPacketKind.Query:
                announcement = new LanAnnouncement(peer.ContainsAnyExcept((byte)0) ? PeerId.FromTrustedBytes(peer) : null, 0, []);
                return bytes.Length == HeadLength + PeerId.ByteLength;
            case LanPacketKind.Announce or LanPacketKind.Leave:
                return TryReadBody(bytes[(HeadLength + PeerId.ByteLength)..], PeerId.FromTrustedBytes(peer), kind, out announcement);
            default:
                return false;
        }
    }

    /// <summary>True when a packet that <see cref="TryRead"/> took is signed by the peer that it names, whose id is a valid one.</summary>
    internal static bool Verify(ReadOnlySpan<byte> bytes, NetworkId network) =>
        PeerId.TryFromBytes(bytes.Slice(HeadLength, PeerId.ByteLength), out var peer)
        && Statement.Verify(peer, Statement.LanContext, network, SignedPart(bytes), bytes[^Ed25519.SignatureLength..]);

    private static bool TryReadBody(ReadOnlySpan<byte> body, PeerId peer, LanPacketKind kind, out LanAnnouncement announcement)
    {
        announcement = default;
        var reader = new SpanReader(body);
        if (!reader.TryReadUInt64(out var sequence) || !reader.TryReadByte(out var count) || count > MaxPorts || (count == 0) != (kind == LanPacketKind.Leave))
            return false;
        var ports = new LanPort[count];
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadByte(out var transport) || !reader.TryReadUInt16(out var port) || port == 0)
                return false;
            ports[i] = new LanPort((TransportKind)transport, port);
        }

        announcement = new LanAnnouncement(peer, sequence, ports);
        return reader.Rest.Length == Ed25519.SignatureLength;
    }

    /// <summary>From the kind to the end of the body.</summary>
    private static ReadOnlySpan<byte> SignedPart(ReadOnlySpan<byte> bytes) => bytes[(Magic.Length + 1)..^Ed25519.SignatureLength];

    private static void WriteHead(ref SpanWriter writer, LanPacketKind kind, NetworkId network)
    {
        writer.WriteBytes(Magic);
        writer.WriteByte(Version);
        writer.WriteByte((byte)kind);
        writer.WriteBytes(network.ToByteArray().AsSpan(0, NetworkLength));
    }
}
