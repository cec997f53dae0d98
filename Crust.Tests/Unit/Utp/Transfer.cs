using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Unit.Utp;

/// <summary>Bytes that one end writes as fast as it may and the other reads and compares.</summary>
internal sealed class Transfer
{
    private const int ChunkLength = 16 * 1024;

    private readonly UtpConnection _from;
    private readonly UtpConnection _to;
    private readonly byte[] _chunk = new byte[ChunkLength];
    private readonly byte[] _read = new byte[ChunkLength];
    private readonly long _length;
    private readonly bool _finishes;

    internal Transfer(UtpConnection from, UtpConnection to, long length, bool finishes = false)
    {
        _from = from;
        _to = to;
        _length = length;
        _finishes = finishes;
        new DeterministicRandom(7).Fill(_chunk);
    }

    internal long Written { get; private set; }

    internal long Read { get; private set; }

    internal bool IsDone => Read == _length;

    /// <summary>Whether the reader reads.</summary>
    internal bool Reads { get; set; } = true;

    /// <summary>Writes what fits.</summary>
    internal void Write()
    {
        while (Written < _length)
        {
            var within = (int)(Written % ChunkLength);
            var wanted = (int)Math.Min(ChunkLength - within, _length - Written);
            var taken = _from.Write(_chunk.AsSpan(within, wanted));
            Written += taken;
            if (taken < wanted)
                return;
        }

        if (_finishes)
            _from.FinishWriting();
    }

    /// <summary>Reads what is there; throws when it is not what was written.</summary>
    internal void ReadAll()
    {
        while (Reads && !IsDone)
        {
            var within = (int)(Read % ChunkLength);
            var count = _to.Read(_read.AsSpan(0, (int)Math.Min(ChunkLength - within, _length - Read)));
            if (count == 0)
                return;
            if (!_read.AsSpan(0, count).SequenceEqual(_chunk.AsSpan(within, count)))
                throw new InvalidOperationException($"Other bytes at {Read}.");
            Read += count;
        }
    }

    /// <summary>Joins it with the events of both sides, and begins.</summary>
    internal Transfer Start(UtpPair pair)
    {
        foreach (var side in new[] { pair.Left, pair.Right })
        {
            var before = side.Happened;
            side.Happened = happened =>
            {
                before(happened);
                if (happened.Connection == _from && happened.Kind is UtpEventKind.Writable or UtpEventKind.Connected)
                    Write();
                if (happened.Connection == _to && happened.Kind is UtpEventKind.Readable)
                    ReadAll();
            };
        }

        Write();
        return this;
    }
}
