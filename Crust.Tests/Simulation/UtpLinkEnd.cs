using Crust.Tests.Simulation.Datagrams;
using Crust.Utp;

namespace Crust.Tests.Simulation;

/// <summary>One end of a <see cref="UtpLink"/>: between the node's link and the product's µTP connection, as the product's driver is. Compares what comes with what was written.</summary>
internal sealed class UtpLinkEnd(World world, UtpLink link, UtpHost host) : IUtpUser
{
    private const int BufferBytes = 64 << 10;
    private const int ReadLength = 16 << 10;

    /// <summary>As the product's: so long a link that its user has left may take to deliver what was written.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(30);

    private readonly Queue<byte[]> _unsent = new();
    private readonly Queue<byte[]> _written = new();
    private int _unsentStart;
    private int _unsentBytes;
    private int _comparedInFirst;
    private long _received;
    private bool _isFull;
    private bool _finishes;
    private bool _isReadDue;
    private bool _isEndTold;

    /// <summary>Null until there is one.</summary>
    internal UtpConnection? Connection { get; set; }

    /// <summary>The other end; null when nobody honest is there.</summary>
    internal UtpLinkEnd? Other { get; set; }

    /// <summary>Null until somebody comes, and when he has gone.</summary>
    internal ILinkReader? Reader { get; set; }

    /// <summary>Told once whether the connection that it begins is open.</summary>
    internal Action<bool>? Opened { get; set; }

    internal bool IsOver { get; private set; }

    internal bool HasRoom => _unsentBytes < BufferBytes;

    internal long AlteredFrom { get; private set; } = long.MaxValue;

    internal void Write(byte[] ownedBytes)
    {
        if (IsOver || _finishes || ownedBytes.Length == 0)
            return;
        _unsent.Enqueue(ownedBytes);
        _written.Enqueue(ownedBytes);
        _unsentBytes += ownedBytes.Length;
        _isFull |= !HasRoom;
        Flush();
    }

    /// <summary>What was written still arrives, then the end. What comes is dropped.</summary>
    internal void Finish()
    {
        if (!_finishes)
            world.After(CloseTimeout, Abort);
        _finishes = true;
        Flush();
    }

    internal void Abort()
    {
        if (IsOver)
            return;
        IsOver = true;
        Connection?.Abort();
        host.Wake();
        TellOpened(isOpen: false);
    }

    /// <summary>The reader learns that nothing more comes.</summary>
    internal void TellEnd()
    {
        if (_isEndTold)
            return;
        _isEndTold = true;
        world.Soon(() => Reader?.Ended());
    }

    public void Connected() => TellOpened(isOpen: true);

    public void Readable()
    {
        if (_isReadDue)
            return;
        _isReadDue = true;
        // A reader that is busy, now and then.
        world.After(world.Random.Chance(0.1) ? world.UpTo(TimeSpan.FromMilliseconds(100)) : TimeSpan.Zero, Read);
    }

    public void Writable() => Flush();

    public void Ended()
    {
        world.Log($"link {link.Number}: an end is over, {Connection!.EndReason}");
        IsOver = true;
        TellEnd();
        TellOpened(isOpen: false);
    }

    private void TellOpened(bool isOpen)
    {
        var opened = Opened;
        Opened = null;
        opened?.Invoke(isOpen);
    }

    private void Flush()
    {
        if (IsOver || Connection is null)
            return;
        while (_unsent.TryPeek(out var first))
        {
            var taken = Connection.Write(first.AsSpan(_unsentStart));
            _unsentStart += taken;
            _unsentBytes -= taken;
            if (_unsentStart < first.Length)
                break;
            _unsent.Dequeue();
            _unsentStart = 0;
        }

        if (_finishes && _unsent.Count == 0)
            Connection.FinishWriting();
        host.Wake();
        if (!_isFull || !HasRoom)
            return;
        _isFull = false;
        world.Soon(() =>
        {
            if (!IsOver && !_finishes)
                Reader?.RoomAgain();
        });
    }

    private void Read()
    {
        _isReadDue = false;
        // The other may have ended it after its last bytes: they are still to be read.
        if (IsOver && Reader is null)
            return;
        Span<byte> buffer = stackalloc byte[ReadLength];
        while (Connection!.Read(buffer[..world.Random.Next(1, ReadLength + 1)]) is > 0 and var length)
        {
            Compare(buffer[..length]);
            _received += length;
            world.Mark((ulong)length);
            if (!_finishes)
                Reader?.Arrived(buffer[..length]);
        }

        host.Wake();
        if (!Connection.IsReadFinished)
            return;
        TellEnd();
        Finish();
    }

    private void Compare(ReadOnlySpan<byte> bytes)
    {
        if (Other is null || AlteredFrom != long.MaxValue)
            return;
        var compared = 0;
        while (compared < bytes.Length)
        {
            if (!Other._written.TryPeek(out var first))
            {
                Altered(compared);
                return;
            }

            var length = Math.Min(first.Length - Other._comparedInFirst, bytes.Length - compared);
            var same = bytes.Slice(compared, length).CommonPrefixLength(first.AsSpan(Other._comparedInFirst, length));
            if (same < length)
            {
                Altered(compared + same);
                return;
            }

            compared += length;
            Other._comparedInFirst += length;
            if (Other._comparedInFirst < first.Length)
                continue;
            Other._written.Dequeue();
            Other._comparedInFirst = 0;
        }
    }

    private void Altered(int at)
    {
        AlteredFrom = _received + at;
        if (!link.MayBeAltered)
            throw new SimulationException($"link {link.Number}: byte {AlteredFrom} of a µTP stream is not what was written, and nobody altered it");
    }
}
