using Crust.Primitives;

namespace Crust.Utp.Driver;

/// <summary>Which of the sockets of one port a remote belongs to: the same whoever dialled whom, and whatever socket the kernel chose.</summary>
internal static class PortSharing
{
    internal static int Owner(TransportAddress remote, int count)
    {
        var folded = unchecked(remote.IPv4 ^ remote.Port);
        return (int)(folded % (uint)count);
    }
}
