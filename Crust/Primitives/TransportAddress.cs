using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Crust.Primitives;

/// <summary>
/// A transport address (RFC 8489 §4): IP address and port, as a value that costs no allocation to compare or to look up. IPv4 is held in its
/// mapped form (RFC 4291 §2.5.5.2), so that an address is the same whether a dual-stack socket or an IPv4 one saw it.
/// </summary>
/// <param name="Address">The 16 bytes of the IPv6 address.</param>
/// <param name="Port">The port, 0 to 65535.</param>
/// <param name="ScopeId">The interface of a link-local IPv6 address, else 0.</param>
internal readonly record struct TransportAddress(Bits128 Address, ushort Port, uint ScopeId = 0)
{
    private const ulong MappedPrefix = 0x0000_FFFF_0000_0000;

    /// <summary>True for an IPv4 address.</summary>
    internal bool IsIPv4 => Address.High == 0 && (Address.Low & ~(ulong)uint.MaxValue) == MappedPrefix;

    /// <summary>The IPv4 address, its first byte highest; the last four bytes of an IPv6 one.</summary>
    internal uint IPv4 => unchecked((uint)Address.Low);

    /// <summary>Of an IPv4 address, its first byte highest.</summary>
    internal static TransportAddress FromIPv4(uint address, ushort port) => new(new Bits128(0, MappedPrefix | address), port);

    internal static TransportAddress From(IPEndPoint endPoint)
    {
        Span<byte> bytes = stackalloc byte[Bits128.Length];
        var address = endPoint.Address;
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            Span<byte> four = stackalloc byte[sizeof(uint)];
            _ = address.TryWriteBytes(four, out _);
            return FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(four), (ushort)endPoint.Port);
        }

        _ = address.TryWriteBytes(bytes, out _);
        return new TransportAddress(Bits128.Read(bytes), (ushort)endPoint.Port, (uint)address.ScopeId);
    }

    /// <summary>The same as an end point; IPv4 in its own form. Allocates.</summary>
    internal IPEndPoint ToIPEndPoint()
    {
        Span<byte> bytes = stackalloc byte[Bits128.Length];
        Address.Write(bytes);
        return new IPEndPoint(IsIPv4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, ScopeId), Port);
    }

    public override string ToString() => ToIPEndPoint().ToString();
}
