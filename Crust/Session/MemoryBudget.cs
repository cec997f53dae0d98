namespace Crust.Session;

/// <summary>
/// What all sessions of a process may hold beyond their smallest windows. Sessions take from it to grow and give back when they shrink or end; what is held
/// beyond a window while something that was begun ends is counted and never refused. Thread safe, without a lock.
/// </summary>
/// <param name="limit">In bytes.</param>
internal sealed class MemoryBudget(long limit)
{
    private long _used;

    internal long Limit => limit;

    internal long Used => Interlocked.Read(ref _used);

    /// <summary>Takes so many bytes; false, and takes nothing, when that many are not left.</summary>
    internal bool TryReserve(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Interlocked.Add(ref _used, bytes) <= limit)
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>
    /// As <see cref="TryReserve"/>, for one step of something that grows: takes no more than it leaves. So what is large stops growing first, and a few fast
    /// peers cannot keep all others small.
    /// </summary>
    internal bool TryGrow(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (Interlocked.Add(ref _used, bytes) <= limit - bytes)
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Takes so many bytes whatever is left: for what must go on to end at all.</summary>
    internal void ReserveAnyway(long bytes) => Interlocked.Add(ref _used, bytes);

    internal void Release(long bytes) => Interlocked.Add(ref _used, -bytes);
}
