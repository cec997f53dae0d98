using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Crust.Nat.PortMapping.Pcp;

/// <summary>
/// The messages of PCP, RFC 6887 §7 and §11. A request begins with <c>version u8 = 2 ‖ R=0, opcode u8 ‖ reserved u16 ‖ lifetime u32 ‖ client address (16)</c>, a
/// response with <c>version ‖ R=1, opcode ‖ reserved u8 ‖ result u8 ‖ lifetime u32 ‖ epoch u32 ‖ reserved (12)</c>; MAP goes on with <c>nonce (12) ‖ protocol u8 ‖
/// reserved (3) ‖ internal port u16 ‖ external port u16 ‖ external address (16)</c>. IPv4 addresses are mapped into IPv6. Big endian. Pure.
/// </summary>
internal static class PcpMessage
{
    internal const int HeaderLength = 24, MapLength = 60, MaxLength = 1100;

    private const byte Version = 2, ResponseBit = 0x80;

    /// <summary>§14.1.1. The answer, whatever its result, shows that the router speaks PCP, and its epoch.</summary>
    internal static int WriteAnnounceRequest(Span<byte> buffer, IPAddress client) => WriteHeader(buffer, PcpOpcode.Announce, 0, client);

    /// <summary>§11.1. Lifetime 0 deletes.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="client">The address that the request is sent from.</param>
    /// <param name="nonce">The mapping's.</param>
    /// <param name="port">What to map.</param>
    /// <param name="external">What is suggested; an unspecified address and port 0 leave the choice to the router.</param>
    /// <param name="lifetimeSeconds">How long.</param>
    internal static int WriteMapRequest(Span<byte> buffer, IPAddress client, PcpNonce nonce, PortRequest port, IPEndPoint external, uint lifetimeSeconds)
    {
        WriteHeader(buffer, PcpOpcode.Map, lifetimeSeconds, client);
        nonce.CopyTo(buffer[24..]);
        buffer[36] = (byte)port.Protocol;
        buffer[37..40].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(buffer[40..], port.InternalPort);
        BinaryPrimitives.WriteUInt16BigEndian(buffer[42..], (ushort)external.Port);
        WriteAddress(buffer[44..], external.Address);
        return MapLength;
    }

    /// <summary>Reads a response's header (§8.3). One of another version is read as far as it tells that version.</summary>
    internal static bool TryReadHeader(ReadOnlySpan<byte> message, out PcpHeader header)
    {
        header = default;
        if (message.Length is < 4 or > MaxLength || (message[1] & ResponseBit) == 0)
            return false;
        var opcode = (PcpOpcode)(message[1] & ~ResponseBit);
        if (message[0] != Version)
        {
            // RFC 6887 appendix A: a router that knows NAT-PMP alone answers in its own version.
            header = new PcpHeader(message[0], opcode, PcpResult.UnsupportedVersion, 0, 0);
            return message[0] < Version;
        }

        if (message.Length < HeaderLength || message.Length % 4 != 0)
            return false;
        header = new PcpHeader(
            Version, opcode, (PcpResult)message[3], BinaryPrimitives.ReadUInt32BigEndian(message[4..]), BinaryPrimitives.ReadUInt32BigEndian(message[8..]));
        return true;
    }

    /// <summary>Reads what follows the header of an answer to MAP; false when it is none to this request (§11.4).</summary>
    internal static bool TryReadMap(ReadOnlySpan<byte> message, PcpNonce nonce, PortRequest port, out IPEndPoint external)
    {
        external = null!;
        if (message.Length < MapLength || PcpNonce.From(message[24..]) != nonce || message[36] != (byte)port.Protocol
            || BinaryPrimitives.ReadUInt16BigEndian(message[40..]) != port.InternalPort)
            return false;
        var address = new IPAddress(message.Slice(44, 16));
        external = new IPEndPoint(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, BinaryPrimitives.ReadUInt16BigEndian(message[42..]));
        return true;
    }

    private static int WriteHeader(Span<byte> buffer, PcpOpcode opcode, uint lifetimeSeconds, IPAddress client)
    {
        buffer[..HeaderLength].Clear();
        (buffer[0], buffer[1]) = (Version, (byte)opcode);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], lifetimeSeconds);
        WriteAddress(buffer[8..], client);
        return HeaderLength;
    }

    private static void WriteAddress(Span<byte> destination, IPAddress address) =>
        (address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address).TryWriteBytes(destination, out _);
}
