using System.Buffers.Binary;

namespace Crust.Tests.Interop.Utp;

/// <summary>Recorded datagrams as a capture that Wireshark reads: libpcap's format (draft-ietf-opsawg-pcap), each with headers of IPv4 (RFC 791) and UDP (RFC 768).</summary>
internal static class PcapFile
{
    /// <summary>Ports in the capture: of the dialler and of the listener, whatever they were.</summary>
    internal const int DiallerPort = 40_001, ListenerPort = 40_002;

    /// <summary>LINKTYPE_IPV4: packets begin with their IPv4 header.</summary>
    private const uint LinkType = 228;

    private const int FileHeader = 24, RecordHeader = 16, IPv4Header = 20, UdpHeader = 8, Udp = 17;

    internal static void Write(string path, IEnumerable<ProxiedDatagram> datagrams)
    {
        using var file = File.Create(path);
        Span<byte> header = stackalloc byte[FileHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2_C3D4); // Microseconds.
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], ushort.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], LinkType);
        file.Write(header);
        foreach (var datagram in datagrams)
            file.Write(Record(datagram));
    }

    private static byte[] Record(ProxiedDatagram datagram)
    {
        var length = IPv4Header + UdpHeader + datagram.Payload.Length;
        var record = new byte[RecordHeader + length];
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(datagram.Microseconds / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), (uint)(datagram.Microseconds % 1_000_000));
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(8), length);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(12), length);
        var (from, to) = datagram.IsFromDialler ? (DiallerPort, ListenerPort) : (ListenerPort, DiallerPort);

        var ip = record.AsSpan(RecordHeader);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)length);
        ip[8] = 64;
        ip[9] = Udp;
        // 192.0.2.0/24 is for documentation (RFC 5737); the last byte tells who it is.
        ReadOnlySpan<byte> dialler = [192, 0, 2, 1], listener = [192, 0, 2, 2];
        (datagram.IsFromDialler ? dialler : listener).CopyTo(ip[12..]);
        (datagram.IsFromDialler ? listener : dialler).CopyTo(ip[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..IPv4Header]));

        var udp = ip[IPv4Header..]; // Its checksum stays 0: none (RFC 768).
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)from);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)to);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(length - IPv4Header));
        datagram.Payload.CopyTo(udp[UdpHeader..]);
        return record;
    }

    /// <summary>The Internet checksum (RFC 1071).</summary>
    private static ushort Checksum(ReadOnlySpan<byte> header)
    {
        uint sum = 0;
        for (var i = 0; i < header.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(header[i..]);
        while (sum >> 16 != 0)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)(~sum & 0xFFFF);
    }
}
