using Crust.Cryptography;
using Crust.Identity;
using Crust.Wire;

namespace Crust.Discovery.Routing;

/// <summary>
/// A table as a file: <c>"crust routing 1\n" ‖ network (32) ‖ count u16 ‖ records, each length u16 ‖ signed record ‖ BLAKE3 of all before (32)</c>, those seen last first. Reading believes nothing but the
/// signatures. Pure.
/// </summary>
internal static class RoutingTableCodec
{
    /// <summary>Most records in a file. Ours: a table of a large network.</summary>
    internal const int MaxRecords = 512;

    /// <summary>Largest file.</summary>
    internal const int MaxLength = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "crust routing 1\n"u8;

    /// <summary>Writes records, the most useful first; what is beyond <see cref="MaxRecords"/> is left out.</summary>
    internal static byte[] Write(NetworkId network, IEnumerable<KnownPeer> peers)
    {
        var kept = peers.Take(MaxRecords).ToList();
        var bytes = new byte[Magic.Length + NetworkId.ByteLength + sizeof(ushort) + kept.Sum(static k => sizeof(ushort) + k.Signed.Length) + Blake3.HashLength];
        var writer = new SpanWriter(bytes);
        writer.WriteBytes(Magic);
        writer.WriteBytes(network.ToByteArray());
        writer.WriteUInt16((ushort)kept.Count);
        foreach (var peer in kept)
        {
            writer.WriteUInt16((ushort)peer.Signed.Length);
            writer.WriteBytes(peer.Signed);
        }

        writer.WriteBytes(Blake3.Hash(writer.Written));
        return bytes;
    }

    /// <summary>Reads a file. False when it is none of ours, or damaged; records of it that expired, or are signed wrongly, are left out.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> file, NetworkId network, DateTimeOffset now, out List<KnownPeer> peers)
    {
        peers = [];
        if (file.Length < Magic.Length + NetworkId.ByteLength + sizeof(ushort) + Blake3.HashLength || file.Length > MaxLength
            || !Blake3.Hash(file[..^Blake3.HashLength]).AsSpan().SequenceEqual(file[^Blake3.HashLength..]))
            return false;
        var reader = new SpanReader(file[..^Blake3.HashLength]);
        if (!reader.TryReadBytes(Magic.Length, out var magic) || !magic.SequenceEqual(Magic)
            || !reader.TryReadBytes(NetworkId.ByteLength, out var named) || !reader.TryReadUInt16(out var count) || count > MaxRecords)
            return false;
        // Another network's file is whole, and of no use.
        var isOurs = named.SequenceEqual(network.ToByteArray());
        for (var i = 0; i < count; i++)
        {
            if (!reader.TryReadUInt16(out var length) || !reader.TryReadBytes(length, out var signed))
                return false;
            if (isOurs && KnownPeer.TryVerify(signed, network, now, out var peer))
                peers.Add(peer);
        }

        return reader.Rest.IsEmpty;
    }
}
