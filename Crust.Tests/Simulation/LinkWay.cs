using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>
/// One direction of a <see cref="StreamLink"/>: a byte stream like TCP's, reliable and in order as long as it works. Faults: it may stall, swallow
/// everything in silence, end in the middle, or be altered by somebody on the path.
/// </summary>
internal sealed class LinkWay(World world, LinkProfile profile)
{
    private const int MaxRemembered = 6;

    private readonly List<(byte[] Bytes, Instant Due)> _chunks = [];
    private readonly List<byte[]> _old = [];
    private Instant _departed;
    private Instant _stalledUntil;
    private bool _isArmed;
    private bool _isOver;
    private bool _endsWhenEmpty;
    private bool _isFull;
    private long _buffered;

    /// <summary>Who reads; null where nobody came, or stayed, to do so.</summary>
    internal ILinkReader? Reader { get; set; }

    /// <summary>Who writes.</summary>
    internal ILinkReader Writer { get; set; } = null!;

    /// <summary>Bytes that were delivered.</summary>
    internal long Delivered { get; private set; }

    /// <summary>The first byte, counted as delivered, that is not what was written; nothing from it on may open as a record.</summary>
    internal long AlteredFrom { get; private set; } = long.MaxValue;

    /// <summary>True while bytes vanish in silence.</summary>
    internal bool IsBlackHole { get; private set; }

    internal bool HasRoom => _buffered < profile.BufferBytes;

    /// <summary>True when bytes are on their way.</summary>
    internal bool IsBusy => _chunks.Count > 0 && !_isOver;

    /// <summary>Takes over the bytes. What exceeds the buffer is taken too; but then <see cref="HasRoom"/> is false.</summary>
    internal void Write(byte[] ownedBytes)
    {
        if (_isOver || _endsWhenEmpty)
            return;
        var start = _departed > world.Now ? _departed : world.Now;
        _departed = start + TimeSpan.FromSeconds(ownedBytes.Length / profile.BytesPerSecond);
        var due = _departed + profile.Delay + profile.Jitter * world.Random.NextDouble();
        if (_chunks.Count > 0 && _chunks[^1].Due > due)
            due = _chunks[^1].Due;
        _chunks.Add((ownedBytes, due));
        _buffered += ownedBytes.Length;
        _isFull |= !HasRoom;
        Arm();
    }

    /// <summary>Nothing arrives for a while; then all of it does.</summary>
    internal void Stall(Instant until)
    {
        if (until > _stalledUntil)
            _stalledUntil = until;
    }

    /// <summary>From now on nothing arrives, and nobody is told.</summary>
    internal void Swallow() => IsBlackHole = true;

    /// <summary>Nothing more is written: the reader sees the end after the last byte.</summary>
    internal void End()
    {
        _endsWhenEmpty = true;
        Arm();
    }

    /// <summary>Nothing more arrives, and nobody is told by this.</summary>
    internal void Cut()
    {
        _isOver = true;
        _chunks.Clear();
    }

    /// <summary>The stream ends somewhere in what is under way.</summary>
    internal void Truncate()
    {
        if (_chunks.Count > 0)
        {
            var place = world.Random.Next(_chunks.Count);
            var (bytes, due) = _chunks[place];
            _chunks.RemoveRange(place, _chunks.Count - place);
            var rest = bytes[..world.Random.Next(bytes.Length)];
            if (rest.Length > 0)
                _chunks.Add((rest, due));
        }

        _endsWhenEmpty = true;
        Arm();
    }

    /// <summary>Somebody on the path alters what is under way. False when nothing is, or nothing changed.</summary>
    internal bool TryAlter()
    {
        // Once: a second change might undo the first.
        if (_chunks.Count == 0 || _isOver || AlteredFrom != long.MaxValue)
            return false;
        var random = world.Random;
        var place = random.Next(_chunks.Count);
        var from = Delivered + _chunks.Take(place).Sum(c => (long)c.Bytes.Length);
        var (bytes, due) = _chunks[place];
        switch (random.Next(5))
        {
            case 0:
                // A chunk is still the writer's recording: alter a copy.
                var flipped = bytes.ToArray();
                var index = random.Next(bytes.Length);
                flipped[index] ^= (byte)(1 << random.Next(8));
                _chunks[place] = (flipped, due);
                from += index;
                break;
            case 1 when place < _chunks.Count - 1:
                _chunks.RemoveAt(place);
                break;
            case 2 when place < _chunks.Count - 1 && !_chunks[place + 1].Bytes.AsSpan().SequenceEqual(bytes):
                (_chunks[place], _chunks[place + 1]) = ((_chunks[place + 1].Bytes, due), (bytes, _chunks[place + 1].Due));
                // Two that begin alike differ a little later.
                from += Math.Min(bytes.Length, _chunks[place].Bytes.Length) - 1;
                break;
            case 3:
                _chunks.Insert(place + 1, (bytes, due));
                from += bytes.Length;
                break;
            case 4 when _old.Count > 0:
                _chunks.Insert(place, (world.Pick(_old), due));
                from += _chunks[place].Bytes.Length - 1;
                break;
            default:
                return false;
        }

        AlteredFrom = from;
        return true;
    }

    private void Arm()
    {
        if (_isArmed || _isOver || IsBlackHole || (_chunks.Count == 0 && !_endsWhenEmpty))
            return;
        _isArmed = true;
        var due = _chunks.Count > 0 ? _chunks[0].Due : world.Now + profile.Delay;
        world.At(due > _stalledUntil ? due : _stalledUntil, Deliver);
    }

    private void Deliver()
    {
        _isArmed = false;
        if (_isOver || IsBlackHole)
            return;
        if (_stalledUntil > world.Now)
        {
            Arm();
            return;
        }

        if (_chunks.Count == 0)
        {
            if (_endsWhenEmpty)
            {
                _isOver = true;
                Reader?.Ended();
            }

            return;
        }

        var bytes = _chunks[0].Bytes;
        _chunks.RemoveAt(0);
        Remember(bytes);
        _buffered -= bytes.Length;
        // A segment ends where it likes.
        var cut = world.Random.Chance(0.2) ? world.Random.Next(bytes.Length + 1) : bytes.Length;
        Hand(bytes.AsSpan(0, cut));
        Hand(bytes.AsSpan(cut));
        if (_isFull && HasRoom && !_isOver)
        {
            _isFull = false;
            Writer.RoomAgain();
        }

        Arm();
    }

    private void Hand(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || _isOver)
            return;
        Delivered += bytes.Length;
        world.Mark((ulong)bytes.Length);
        Reader?.Arrived(bytes);
    }

    private void Remember(byte[] bytes)
    {
        if (_old.Count < MaxRemembered)
            _old.Add(bytes);
        else if (world.Random.Chance(0.1))
            _old[world.Random.Next(MaxRemembered)] = bytes;
    }
}
