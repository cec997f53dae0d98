namespace Crust.Session.Links;

/// <summary>
/// Numbers the nominations and promises of the lower id towards one peer, so that no two links ever have the same: handshakes may promise before there is
/// a session, and while the session nominates. Thread safe.
/// </summary>
internal sealed class GenerationCounter
{
    /// <summary>The last number, times 2^32, and what became of it: 0 for a nomination, else one more than the rank of the link that it was promised to.</summary>
    private ulong _state;

    /// <summary>The generation of a nomination.</summary>
    internal uint Next() => Take(0)!.Value;

    /// <summary>
    /// The generation to promise a link that is being made; 0 while the last number is promised to a better one: that is about to stand, and a higher generation would take the session from it. The
    /// worse link is nominated if it is first.
    /// </summary>
    internal uint Promise(LinkRank rank) => Take(1 + (uint)rank) ?? 0;

    private uint? Take(uint holder)
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            var last = (uint)(state & uint.MaxValue);
            if (last != 0 && last < holder)
                return null;
            var next = (uint)(state >> 32) + 1;
            if (Interlocked.CompareExchange(ref _state, ((ulong)next << 32) | holder, state) == state)
                return next;
        }
    }
}
