using System.Buffers.Binary;
using System.Net;

namespace Crust.Nat.PortMapping.NatPmp;

/// <summary>
/// The messages of NAT-PMP, RFC 6886 §3. All begin with <c>version u8 = 0 ‖ opcode u8</c>; a response's opcode is the request's + 128, and
/// <c>result u16 ‖ seconds since start of epoch u32</c> follow. Big endian. Pure.
/// </summary>
internal static class NatPmpMessage
{
    internal const int AddressRequestLength = 2, MapRequestLength = 12, AddressResponseLength = 12, MapResponseLength = 16;

    private const byte Version = 0, AddressOpcode = 0, MapUdpOpcode = 1, MapTcpOpcode = 2, ResponseBit = 128;
    private const int HeaderLength = 8;

    /// <summary>§3.2: asks for the external address.</summary>
    internal static int WriteAddressRequest(Span<byte> buffer)
    {
        (buffer[0], buffer[1]) = (Version, AddressOpcode);
        return AddressRequestLength;
    }

    /// <summary>§3.3: <c>opcode ‖ reserved u16 ‖ internal port u16 ‖ suggested external port u16 ‖ lifetime u32</c>. Lifetime 0 and port 0 delete (§3.4).</summary>
    internal static int WriteMapRequest(Span<byte> buffer, PortRequest port, ushort externalPort, uint lifetimeSeconds)
    {
        buffer[..MapRequestLength].Clear();
        (buffer[0], buffer[1]) = (Version, OpcodeOf(port.Protocol));
        BinaryPrimitives.WriteUInt16BigEndian(buffer[4..], port.InternalPort);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[6..], externalPort);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[8..], lifetimeSeconds);
        return MapRequestLength;
    }

    /// <summary>Reads the external address; <paramref name="address"/> is null when the result is no success.</summary>
    internal static bool TryReadAddressResponse(ReadOnlySpan<byte> message, out NatPmpResult result, out uint epoch, out IPAddress? address)
    {
        address = null;
        if (!TryReadHeader(message, AddressOpcode, out result, out epoch))
            return false;
        if (result != NatPmpResult.Success)
            return true;
        if (message.Length < AddressResponseLength)
            return false;
        address = new IPAddress(message.Slice(HeaderLength, 4));
        return true;
    }

    /// <summary>Reads the answer to a mapping of this port. An answer that tells of a failure may be cut short behind its epoch.</summary>
    internal static bool TryReadMapResponse(
        ReadOnlySpan<byte> message, PortRequest port, out NatPmpResult result, out uint epoch, out ushort externalPort, out uint lifetimeSeconds)
    {
        (externalPort, lifetimeSeconds) = (0, 0);
        if (!TryReadHeader(message, OpcodeOf(port.Protocol), out result, out epoch))
            return false;
        if (message.Length < MapResponseLength)
            return result != NatPmpResult.Success;
        if (BinaryPrimitives.ReadUInt16BigEndian(message[8..]) != port.InternalPort)
            return false;
        externalPort = BinaryPrimitives.ReadUInt16BigEndian(message[10..]);
        lifetimeSeconds = BinaryPrimitives.ReadUInt32BigEndian(message[12..]);
        return true;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> message, byte opcode, out NatPmpResult result, out uint epoch)
    {
        (result, epoch) = (default, 0);
        // A router that knows PCP alone answers with its own version: it is none of ours.
        if (message.Length < HeaderLength || message[0] != Version || message[1] != (opcode | ResponseBit))
            return false;
        result = (NatPmpResult)BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        epoch = BinaryPrimitives.ReadUInt32BigEndian(message[4..]);
        return true;
    }

    private static byte OpcodeOf(MappedProtocol protocol) => protocol == MappedProtocol.Tcp ? MapTcpOpcode : MapUdpOpcode;
}
