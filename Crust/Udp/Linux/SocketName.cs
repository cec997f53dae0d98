using System.Buffers.Binary;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Udp.Linux;

/// <summary><c>struct sockaddr_in</c> and <c>sockaddr_in6</c>: family(2, host order) port(2) then address(4), or flow(4) address(16) scope(4, host order).</summary>
internal static unsafe class SocketName
{
    /// <summary>Room for either.</summary>
    internal const int MaxLength = 28;

    private const int IPv4Length = 16;
    private const ushort IPv4Family = 2;
    private const ushort IPv6Family = 10;

    /// <summary>Writes an address for a socket of this family.</summary>
    /// <returns>The length; 0 when the family cannot reach that address.</returns>
    internal static uint Write(byte* name, TransportAddress address, AddressFamily family)
    {
        var bytes = new Span<byte>(name, MaxLength);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], address.Port);
        if (family == AddressFamily.InterNetworkV6)
        {
            *(ushort*)name = IPv6Family;
            *(uint*)(name + 4) = 0;
            address.Address.Write(bytes[8..]);
            *(uint*)(name + 24) = address.ScopeId;
            return MaxLength;
        }

        if (!address.IsIPv4)
            return 0;
        *(ushort*)name = IPv4Family;
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], address.IPv4);
        *(ulong*)(name + 8) = 0;
        return IPv4Length;
    }

    /// <summary>Reads what the kernel wrote; false when it wrote no IP address.</summary>
    internal static bool TryRead(byte* name, uint length, out TransportAddress address)
    {
        var bytes = new ReadOnlySpan<byte>(name, MaxLength);
        var port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        switch (*(ushort*)name)
        {
            case IPv6Family when length >= MaxLength:
                address = new TransportAddress(Bits128.Read(bytes[8..]), port, *(uint*)(name + 24));
                return true;
            case IPv4Family when length >= IPv4Length:
                address = TransportAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]), port);
                return true;
            default:
                address = default;
                return false;
        }
    }
}
