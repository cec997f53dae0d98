namespace Crust.Utp.Memory;

/// <summary>
/// What all connections of an endpoint may hold beyond their first windows. Each one has a small window by right; growth is granted while there is some left,
/// so a thousand connections that want much share, and none starves.
/// </summary>
internal sealed class WindowBudget(long maxBytes)
{
    internal long GrantedBytes { get; private set; }

    /// <summary>Takes as much of the wanted as is left, and returns it.</summary>
    internal int Take(int wanted)
    {
        var granted = (int)Math.Min(wanted, Math.Max(0, maxBytes - GrantedBytes));
        GrantedBytes += granted;
        return granted;
    }

    internal void GiveBack(int bytes) => GrantedBytes -= bytes;
}
