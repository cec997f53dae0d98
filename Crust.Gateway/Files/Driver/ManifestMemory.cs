namespace Crust.Gateway.Files.Driver;

/// <summary>Bounds what manifests take together while they arrive. Thread safe.</summary>
/// <param name="limit">Bytes.</param>
internal sealed class ManifestMemory(long limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<object, long> _held = [];

    /// <summary>A holder has so many bytes now.</summary>
    /// <exception cref="RefusedException">That is too much together with the others.</exception>
    internal void Require(object holder, long bytes)
    {
        lock (_gate)
        {
            if (_held.Where(h => h.Key != holder).Sum(h => h.Value) + bytes > limit)
                throw new RefusedException(RefusalCode.Busy, "It is busy with other offers.");
            _held[holder] = bytes;
        }
    }

    internal void Release(object holder)
    {
        lock (_gate)
            _held.Remove(holder);
    }
}
