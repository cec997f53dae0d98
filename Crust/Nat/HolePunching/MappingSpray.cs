using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Many sockets that each open a mapping towards one address of the remote, which probes for them. At first by datagrams that die on their way: some NATs take one that
/// comes unasked for a connection of their own, and would give the remote's probe another port. Should they die before our own outermost NAT, half of the sockets send
/// whole ones later. A part of <see cref="PunchMachine"/>. Pure.
/// </summary>
internal sealed class MappingSpray(TransportAddress remote, int firstSocket, int count, Instant now)
{
    /// <summary>Sockets of a spray. DESIGN's.</summary>
    internal const int SocketCount = 256;

    /// <summary>When half of the sockets give up hope in short ways. Ours: by then nine of ten sprays have met.</summary>
    private static readonly TimeSpan ShortWaysLast = TimeSpan.FromSeconds(3);

    private int _opened;
    private int _whole;

    internal TransportAddress Remote => remote;

    /// <summary>The next socket to send from, and whether its datagram is to die on the way; false when none is due.</summary>
    internal bool TryNext(Instant at, out int socket, out bool isShort)
    {
        isShort = _opened < count;
        if (isShort)
        {
            socket = firstSocket + _opened++;
            return true;
        }

        var due = at >= now + ShortWaysLast && _whole < count / 2;
        socket = firstSocket + (due ? _whole++ * 2 : 0);
        return due;
    }

    /// <summary>When there is something to send again; null when all was sent.</summary>
    internal Instant? Deadline => _opened < count ? now : _whole < count / 2 ? now + ShortWaysLast : null;
}
