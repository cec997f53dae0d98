using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>A datagram under way; the network lends and takes back its memory.</summary>
internal sealed class Datagram
{
    /// <summary>Longest one: what UDP over IPv4 may carry.</summary>
    internal const int MaxLength = 65_507;

    private const int CommonLength = 1536;

    private byte[] _buffer = new byte[CommonLength];

    internal TransportAddress From { get; set; }

    internal TransportAddress To { get; set; }

    /// <summary>Bytes that are carried.</summary>
    internal Span<byte> Bytes => _buffer.AsSpan(0, Length);

    internal int Length { get; private set; }

    /// <summary>Bytes that it takes on the link, all headers included.</summary>
    internal int WireLength { get; set; }

    internal void Set(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length)
            _buffer = new byte[bytes.Length];
        bytes.CopyTo(_buffer);
        Length = bytes.Length;
    }

    internal void Shorten(int length) => Length = Math.Min(Length, length);
}
