using System.Buffers.Binary;
using System.Text;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;

namespace Crust.Tests.Unit.Identity.Evidence;

/// <summary>Salts, leaves, trees and signed bytes put together a second time from the specification, by concatenation and one-shot hashes alone.</summary>
internal static class StraightLine
{
    internal static byte[] Salt(byte[] secret, PeerId sender, ulong number)
    {
        var hasher = new Blake3Hasher(secret);
        hasher.Update([.. "crust leaf salt v1"u8, .. sender.ToByteArray(), .. U64(number)]);
        var salt = new byte[16];
        hasher.Finish(salt);
        return salt;
    }

    internal static byte[] Leaf(byte[] salt, SignedContent kind, string protocol, ulong streamId, ulong number, ulong offset, byte[] payload)
    {
        var name = Encoding.ASCII.GetBytes(protocol);
        byte[] length = name.Length < 64 ? [(byte)name.Length] : [0x40, 0x40];
        return Blake3.Hash(
        [
            0x00, .. salt, (byte)kind, .. length, .. name, .. U64(streamId), .. U64(number), .. U64(offset), .. U64((ulong)payload.Length),
            .. payload.Length <= 768 ? payload : Blake3.Hash(payload),
        ]);
    }

    /// <summary>The root by the definition of RFC 9162 §2.1.1, word for word.</summary>
    internal static byte[] Root(ReadOnlySpan<byte> leaves)
    {
        var count = leaves.Length / 32;
        if (count == 1)
            return leaves.ToArray();
        var split = Split(count);
        return Blake3.Hash([0x01, .. Root(leaves[..(split * 32)]), .. Root(leaves[(split * 32)..])]);
    }

    /// <summary>The audit path by the definition of RFC 9162 §2.1.3.1, word for word.</summary>
    internal static byte[] Path(int index, ReadOnlySpan<byte> leaves)
    {
        var count = leaves.Length / 32;
        if (count == 1)
            return [];
        var split = Split(count);
        return index < split
            ? [.. Path(index, leaves[..(split * 32)]), .. Root(leaves[(split * 32)..])]
            : [.. Path(index - split, leaves[(split * 32)..]), .. Root(leaves[..(split * 32)])];
    }

    internal static byte[] Signed(
        string network, PeerId sender, PeerId receiver, byte[] sessionId, ulong first, uint count, byte[] previous, ulong unixMilliseconds, byte[] root) =>
    [
        .. "crust batch v1\0"u8, .. Blake3.Hash(Encoding.ASCII.GetBytes(network)), .. sender.ToByteArray(), .. receiver.ToByteArray(), .. sessionId,
        .. U64(first), .. U64(count)[4..], .. previous, .. U64(unixMilliseconds), .. root,
    ];

    internal static byte[] U64(ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return bytes;
    }

    private static int Split(int count)
    {
        var split = 1;
        while (split * 2 < count)
            split *= 2;
        return split;
    }
}
