using Crust.Cryptography;
using Crust.Identity;
using Crust.Identity.Evidence;
using Crust.Wire;

namespace Crust.Session;

/// <summary>
/// Salts and hashes one direction's leaves (<see cref="Leaf"/>). The salt is the first 16 bytes of BLAKE3 keyed with the session's salt secret over
/// <c>"crust leaf salt v1" ‖ sender (32) ‖ number u64</c>: an exported leaf reveals its own salt and no other, so the rest of its batch cannot be guessed
/// from their hashes.
/// </summary>
internal sealed class LeafHasher
{
    /// <summary>Most leaves in one call of <see cref="Leaves"/>: a full vector, on a stack of 1 KiB.</summary>
    internal const int MaxSideBySide = 16;

    private const int SaltInputLength = 18 + PeerId.ByteLength + sizeof(ulong);

    private readonly byte[] _saltSecret = GC.AllocateArray<byte>(Blake3.KeyLength, pinned: true);
    private readonly PeerId _sender;
    private bool _isCleared;

    internal LeafHasher(ReadOnlySpan<byte> saltSecret, PeerId sender)
    {
        Lengths.Require(saltSecret, Blake3.KeyLength);
        saltSecret.CopyTo(_saltSecret);
        _sender = sender;
    }

    /// <summary>18 bytes: with what follows them, a salt's input is one block of BLAKE3.</summary>
    private static ReadOnlySpan<byte> SaltLabel => "crust leaf salt v1"u8;

    /// <summary>Hashes at most <see cref="MaxSideBySide"/> leaves with consecutive numbers, side by side.</summary>
    /// <param name="firstNumber">Number of the first leaf.</param>
    /// <param name="inputs">What <see cref="Leaf.WriteInput"/> wrote, back to back. The salts are put in.</param>
    /// <param name="ends">Where each leaf's input ends.</param>
    /// <param name="leaves">32 bytes a leaf.</param>
    internal void Leaves(ulong firstNumber, Span<byte> inputs, ReadOnlySpan<int> ends, Span<byte> leaves)
    {
        Span<byte> salts = stackalloc byte[MaxSideBySide * Blake3.HashLength];
        salts = salts[..(ends.Length * Blake3.HashLength)];
        Salts(firstNumber, salts);
        for (var i = 0; i < ends.Length; i++)
            salts.Slice(i * Blake3.HashLength, Leaf.SaltLength).CopyTo(inputs[((i == 0 ? 0 : ends[i - 1]) + 1)..]);
        Blake3Many.Hash(inputs, ends, leaves);
        Secrets.Zero(salts);
    }

    /// <summary>Wipes the salt secret; no leaf can be hashed afterwards.</summary>
    internal void Clear()
    {
        _isCleared = true;
        Secrets.Zero(_saltSecret);
    }

    /// <summary>Writes the 32 bytes of which the salts are the beginnings, for as many consecutive numbers as there is room.</summary>
    private void Salts(ulong firstNumber, Span<byte> hashes)
    {
        ObjectDisposedException.ThrowIf(_isCleared, this);
        Span<byte> inputs = stackalloc byte[MaxSideBySide * SaltInputLength];
        var writer = new SpanWriter(inputs);
        for (var i = 0; i < hashes.Length / Blake3.HashLength; i++)
        {
            writer.WriteBytes(SaltLabel);
            _sender.CopyTo(writer.Reserve(PeerId.ByteLength));
            writer.WriteUInt64(firstNumber + (ulong)i);
        }

        Blake3Many.KeyedHash(_saltSecret, writer.Written, SaltInputLength, hashes);
    }
}
