namespace Crust.Utp.Memory;

/// <summary>
/// Blocks for the bytes that connections hold, and packets for what came out of order. One endpoint's, so no lock. The bound on what is in use are the
/// windows (<see cref="WindowBudget"/>); the bound on what is kept for later are the constants here.
/// </summary>
internal sealed class BlockPool(int packetLength)
{
    /// <summary>Ours: a dozen packets. Small enough for a thousand slow connections, large enough that a block is rare work.</summary>
    internal const int BlockLength = 1 << BlockShift;

    internal const int BlockShift = 14;

    /// <summary>Ours: 2 MiB. A stream takes one block for each that it gives back, so a few are enough.</summary>
    private const int MaxKeptBlocks = 128;

    /// <summary>Ours: a window of libutp's with a hole at its front, 1.5 MiB.</summary>
    private const int MaxKeptPackets = 1024;

    /// <summary>Ours: a full record of a session and the beginning of the next, so that most records are in one piece.</summary>
    internal const int LargeBlockLength = 128 * 1024;

    /// <summary>Ours: 2 MiB.</summary>
    private const int MaxKeptLargeBlocks = 16;

    private readonly Stack<byte[]> _blocks = new();
    private readonly Stack<ReadBlock> _readBlocks = new();
    private readonly Stack<ReadBlock> _largeBlocks = new();
    private readonly Stack<byte[]> _packets = new();

    internal int BlocksInUse { get; private set; }

    internal int PacketsInUse { get; private set; }

    internal byte[] RentBlock()
    {
        BlocksInUse++;
        return _blocks.TryPop(out var block) ? block : GC.AllocateUninitializedArray<byte>(BlockLength);
    }

    internal void ReturnBlock(byte[] block)
    {
        BlocksInUse--;
        if (_blocks.Count < MaxKeptBlocks)
            _blocks.Push(block);
    }

    /// <summary>A block that a reader can be shown.</summary>
    internal ReadBlock RentRead(bool isLarge)
    {
        BlocksInUse++;
        return (isLarge ? _largeBlocks : _readBlocks).TryPop(out var block) ? block : new ReadBlock(isLarge ? LargeBlockLength : BlockLength);
    }

    internal void Return(ReadBlock block)
    {
        BlocksInUse--;
        block.Detach();
        if (block.Array.Length == BlockLength && _readBlocks.Count < MaxKeptBlocks)
            _readBlocks.Push(block);
        else if (block.Array.Length == LargeBlockLength && _largeBlocks.Count < MaxKeptLargeBlocks)
            _largeBlocks.Push(block);
    }

    /// <summary>This block and those behind it never come back: somebody may still look at them.</summary>
    internal void Forget(ReadBlock? block)
    {
        for (; block is not null; block = block.Following)
            BlocksInUse--;
    }

    /// <summary>Room for the payload of one packet; <paramref name="length"/> is at most what this endpoint receives.</summary>
    internal byte[] RentPacket(int length)
    {
        PacketsInUse++;
        // Longer than we send ourselves is rare, and not worth keeping.
        if (length > packetLength)
            return GC.AllocateUninitializedArray<byte>(length);
        return _packets.TryPop(out var packet) ? packet : GC.AllocateUninitializedArray<byte>(packetLength);
    }

    internal void ReturnPacket(byte[] packet)
    {
        PacketsInUse--;
        if (packet.Length == packetLength && _packets.Count < MaxKeptPackets)
            _packets.Push(packet);
    }
}
