using Crust.Cryptography;

namespace Crust.Gateway.Files.Driver;

/// <summary>A manifest while its pages arrive. Holds no more than came, and that is no more than was offered. One thread at a time.</summary>
internal sealed class ManifestAssembly(FileMessage.Offer offer)
{
    private readonly byte[] _hash = offer.ManifestHash.ToArray();
    private byte[] _bytes = [];
    private int _length;

    internal uint Attempt => offer.Attempt;

    /// <summary>The memory it takes.</summary>
    internal int Held => _bytes.Length;

    internal bool IsComplete => _length == offer.ManifestLength;

    /// <summary>Takes a page; false when it is more than was offered.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> page)
    {
        if (page.Length > offer.ManifestLength - _length)
            return false;
        if (_length + page.Length > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Min(offer.ManifestLength, Math.Max(2L * _bytes.Length, _length + page.Length)));
        page.CopyTo(_bytes.AsSpan(_length));
        _length += page.Length;
        return true;
    }

    /// <summary>Reads the manifest, which must be what was offered.</summary>
    /// <exception cref="RefusedException">It is not, or it names what may not be stored.</exception>
    internal Manifest Finish()
    {
        if (!Blake3.Hash(_bytes.AsSpan(0, _length)).AsSpan().SequenceEqual(_hash))
            throw new RefusedException(RefusalCode.ProtocolViolation, "The list of files is not the one that was offered.");
        var manifest = Manifest.TryParse(_bytes[.._length], OperatingSystem.IsWindows(), out var objection)
            ?? throw new RefusedException(RefusalCode.UnsafeName, $"The list of files is refused: {objection}.");
        if (manifest.Entries.Count != offer.Entries || manifest.TotalLength != offer.TotalLength)
            throw new RefusedException(RefusalCode.ProtocolViolation, "The list of files is not as long as was offered.");
        return manifest;
    }
}
