using Crust.Primitives;
using Crust.Session.Links;
using Crust.Tests.Simulation.Datagrams;
using Crust.Utp;

namespace Crust.Tests.Simulation;

/// <summary>A link that is a µTP connection of the product over a <see cref="DatagramNetwork"/>; its faults are what somebody on the path can do to datagrams.</summary>
internal sealed class UtpLink(World world, UtpNetwork network, LinkRank rank, int number) : SimulatedLink(rank, number)
{
    /// <summary>BEP 29: the type is the upper half of the first byte.</summary>
    private const byte DataType = 0x01;
    private const byte FinType = 0x11;
    private const int HeaderLength = 20;
    private const int MaxRemembered = 4;

    private readonly List<byte[]> _old = [];
    private readonly bool[] _isSwallowed = new bool[2];
    private readonly bool[] _isAltered = new bool[2];
    private readonly bool[] _isTruncated = new bool[2];
    private UtpLinkEnd? _dialler;
    private UtpLinkEnd? _acceptor;
    private Instant _stalledUntil;
    private bool _mayBeAltered;

    /// <summary>True once somebody on the path or off it may have put bytes in.</summary>
    internal bool MayBeAltered => _mayBeAltered || network.MayInject;

    /// <summary>True when an attacker dials: nothing may come of it.</summary>
    internal bool IsAttack { get; init; }

    /// <summary>Begins the connection.</summary>
    internal void Dial(UtpHost host, TransportAddress remote, ushort connectionId, Action<bool> opened)
    {
        _dialler = new UtpLinkEnd(world, this, host) { Opened = opened };
        _dialler.Connection = host.Connect(remote, connectionId, _dialler);
    }

    /// <summary>Ends the attempt, if it still is one.</summary>
    internal void GiveUp()
    {
        if (_dialler!.Opened is null)
            return;
        IsOver = true;
        _dialler.Abort();
    }

    /// <summary>The connection is there at the acceptor.</summary>
    internal UtpLinkEnd Accept(UtpHost host, UtpConnection connection)
    {
        // A second acceptance begins the stream anew, where the first one had compared some of it; and what comes back may be of either.
        var isFirst = _acceptor is null;
        _acceptor = new UtpLinkEnd(world, this, host) { Connection = connection, Other = isFirst ? _dialler : null };
        _dialler?.Other = isFirst ? _acceptor : null;
        return _acceptor;
    }

    /// <summary>A datagram of it is under way: false when it does not go on.</summary>
    internal bool Pass(bool fromDialler, Datagram datagram)
    {
        var way = fromDialler ? 1 : 0;
        if (_isSwallowed[way] || _stalledUntil > world.Now)
            return false;
        if (datagram.Length <= HeaderLength || datagram.Bytes[0] != DataType)
            return true;
        if (_isTruncated[way])
        {
            _isTruncated[way] = false;
            datagram.Bytes[0] = FinType;
        }
        else if (_isAltered[way])
        {
            _isAltered[way] = false;
            Alter(datagram);
        }
        else if (world.Random.Chance(0.05))
        {
            Remember(datagram.Bytes.ToArray());
        }

        return true;
    }

    internal override void Attach(bool isDialler, ILinkReader end)
    {
        if (End(isDialler) is { } mine)
            mine.Reader = end;
    }

    internal override bool HasRoom(bool isDialler) => End(isDialler)!.HasRoom;

    internal override void Write(bool isDialler, byte[] ownedBytes) => End(isDialler)!.Write(ownedBytes);

    internal override long AlteredFrom(bool isDialler) => End(isDialler)!.AlteredFrom;

    internal override void Close(bool byDialler)
    {
        IsOver = true;
        var end = End(byDialler)!;
        end.Reader = null;
        end.Finish();
    }

    internal override void Abort(bool byDialler, bool silently)
    {
        IsOver = true;
        _isSwallowed[byDialler ? 1 : 0] |= silently;
        var end = End(byDialler)!;
        end.Reader = null;
        end.Abort();
    }

    internal override void Reset(bool dialler, TimeSpan? otherAfter)
    {
        IsOver = true;
        Swallow(fromDialler: true);
        Swallow(fromDialler: false);
        Lose(dialler);
        if (otherAfter is { } after)
            world.After(after, () => Lose(!dialler));
    }

    internal override void Stall(Instant until) => _stalledUntil = until > _stalledUntil ? until : _stalledUntil;

    internal override void Swallow(bool fromDialler) => _isSwallowed[fromDialler ? 1 : 0] = true;

    internal override bool TryAlter(bool fromDialler) => _mayBeAltered = _isAltered[fromDialler ? 1 : 0] = true;

    internal override void Truncate(bool fromDialler) => _mayBeAltered = _isTruncated[fromDialler ? 1 : 0] = true;

    private UtpLinkEnd? End(bool isDialler) => isDialler ? _dialler : _acceptor;

    private void Lose(bool isDialler)
    {
        if (End(isDialler) is not { } end)
            return;
        end.Abort();
        end.TellEnd();
    }

    /// <summary>As somebody on the path can: with a checksum that fits.</summary>
    private void Alter(Datagram datagram)
    {
        var random = world.Random;
        switch (random.Next(5))
        {
            case 0:
                datagram.Bytes[random.Next(HeaderLength)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                datagram.Shorten(random.Next(HeaderLength, datagram.Length));
                break;
            case 2 when _old.Count > 0:
                // The beginning of another one, with the place in the stream of this one.
                var old = world.Pick(_old).AsSpan(HeaderLength);
                old[..Math.Min(old.Length, datagram.Length - HeaderLength)].CopyTo(datagram.Bytes[HeaderLength..]);
                break;
            default:
                datagram.Bytes[random.Next(HeaderLength, datagram.Length)] ^= (byte)(1 << random.Next(8));
                break;
        }
    }

    private void Remember(byte[] bytes)
    {
        if (_old.Count < MaxRemembered)
            _old.Add(bytes);
        else
            _old[world.Random.Next(MaxRemembered)] = bytes;
    }
}
