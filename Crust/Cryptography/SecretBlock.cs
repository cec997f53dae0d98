namespace Crust.Cryptography;

/// <summary>
/// Pinned memory for the secrets of something short-lived, such as a handshake: handed out piece by piece, wiped as a whole and used again.
/// Pinned, so that the collector leaves no copies; pooled, since pinned arrays that come and go leave holes between those that stay. Whoever
/// disposes of it must not touch its pieces any more: they are another's. Renting is thread safe, a block is not.
/// </summary>
internal sealed class SecretBlock : IDisposable
{
    /// <summary>Bytes of a block. Ours: an ML-KEM-768 secret key (2,400) and everything else that a side of a handshake keeps secret.</summary>
    internal const int Length = 3072;

    /// <summary>Blocks that wait for their next use at most: 96 KiB.</summary>
    private const int PoolCapacity = 32;

    private static readonly byte[]?[] Pool = new byte[]?[PoolCapacity];

    private byte[]? _bytes = Rent();
    private int _used;

    /// <summary>Hands out the next zeroed bytes.</summary>
    internal Memory<byte> Take(int length)
    {
        ObjectDisposedException.ThrowIf(_bytes is null, this);
        if (length > Length - _used)
            throw new InvalidOperationException("A block of secrets is full.");
        var piece = _bytes.AsMemory(_used, length);
        _used += length;
        return piece;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes is not { } bytes)
            return;
        _bytes = null;
        Secrets.Zero(bytes.AsSpan(0, _used));
        foreach (ref var place in Pool.AsSpan())
        {
            if (place is null && Interlocked.CompareExchange(ref place, bytes, null) is null)
                return;
        }
    }

    private static byte[] Rent()
    {
        foreach (ref var place in Pool.AsSpan())
        {
            if (place is not null && Interlocked.Exchange(ref place, null) is { } bytes)
                return bytes;
        }

        return GC.AllocateArray<byte>(Length, pinned: true);
    }
}
