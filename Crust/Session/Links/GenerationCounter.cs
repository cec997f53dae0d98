namespace Crust.Session.Links;

/// <summary>
/// Numbers the nominations and promises of the lower id towards one peer, so that no two links ever have the same: handshakes may promise before there is
/// a session, and while the session nominates. Thread safe.
/// </summary>
internal sealed class GenerationCounter
{
    private uint _last;

    internal uint Next() => Interlocked.Increment(ref _last);
}
