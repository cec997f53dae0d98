namespace Crust.Utp.Memory;

/// <summary>
/// Blocks for the bytes that connections hold, and packets for what came out of order. One endpoint's, so no lock. The bound on what is in use are the
/// windows (<see cref="WindowBudget"/>); the bound on what is kept for later are the constants here.
/// </summary>
internal sealed class BlockPool(int packetLength, int jumboLength = 0)
{
    /// <summary>Ours: a dozen packets. Small enough for a thousand slow connections, large enough that a block is rare work.</summary>
    internal const int BlockLength = 16 * 1024;

    /// <summary>Ours: 2 MiB. A stream takes one block for each that it gives back, so a few are enough.</summary>
    private const int MaxKeptBlocks = 128;

    /// <summary>Ours: a window of libutp's with a hole at its front, 1.5 MiB.</summary>
    private const int MaxKeptPackets = 1024;

    /// <summary>Ours: 2 MiB.</summary>
    private const int MaxKeptJumbos = 256;

    /// <summary>Ours: four full records of a session, so that most are in one piece.</summary>
    internal const int LargeBlockLength = 264 * 1024;

    /// <summary>Ours: 2 MiB.</summary>
    private const int MaxKeptLargeBlocks = 8;

    /// <summary>Ours: 17 MiB. What remotes may make us hold beyond their windows: the others' readers make do with small blocks.</summary>
    private const int MaxLargeReadBlocks = 64;

    private readonly Stack<byte[]> _blocks = new();
    private readonly Stack<byte[]> _large = new();
    private readonly Stack<ReadBlock> _readBlocks = new();
    private readonly Stack<ReadBlock> _largeReadBlocks = new();
    private readonly Stack<byte[]> _packets = new();
    private readonly Stack<byte[]> _jumbos = new();
    private int _largeReadBlocksInUse;

    internal int BlocksInUse { get; private set; }

    internal int PacketsInUse { get; private set; }

    /// <summary>Whether a block to write to stays where it is, so that the kernel can be shown it. Large ones do, which are kept longer and would not be moved anyway.</summary>
    internal static bool IsPinned(byte[] block) => block.Length >= LargeBlockLength;

    /// <summary>A block to write to, of at least so much room. More than a large block has is rare, and not worth keeping.</summary>
    internal byte[] RentBlock(bool isLarge, int room)
    {
        BlocksInUse++;
        var length = Math.Max(isLarge ? LargeBlockLength : BlockLength, room);
        return KeptOf(length) is { } kept && kept.TryPop(out var block) ? block : GC.AllocateUninitializedArray<byte>(length, pinned: isLarge);
    }

    internal void ReturnBlock(byte[] block)
    {
        BlocksInUse--;
        if (KeptOf(block.Length) is { } kept && kept.Count < (block.Length == BlockLength ? MaxKeptBlocks : MaxKeptLargeBlocks))
            kept.Push(block);
    }

    /// <summary>A block never comes back: somebody may still write to it.</summary>
    internal void Forget() => BlocksInUse--;

    /// <summary>A block that a reader can be shown.</summary>
    internal ReadBlock RentRead(bool wantsLarge)
    {
        BlocksInUse++;
        var isLarge = wantsLarge && _largeReadBlocksInUse < MaxLargeReadBlocks;
        if (isLarge)
            _largeReadBlocksInUse++;
        return (isLarge ? _largeReadBlocks : _readBlocks).TryPop(out var block) ? block : new ReadBlock(isLarge ? LargeBlockLength : BlockLength);
    }

    internal void Return(ReadBlock block)
    {
        Forgotten(block);
        block.Detach();
        if (block.Array.Length == BlockLength && _readBlocks.Count < MaxKeptBlocks)
            _readBlocks.Push(block);
        else if (block.Array.Length == LargeBlockLength && _largeReadBlocks.Count < MaxKeptLargeBlocks)
            _largeReadBlocks.Push(block);
    }

    /// <summary>This block and those behind it never come back: somebody may still look at them.</summary>
    internal void Forget(ReadBlock? block)
    {
        for (; block is not null; block = block.Following)
            Forgotten(block);
    }

    private void Forgotten(ReadBlock block)
    {
        BlocksInUse--;
        if (block.Array.Length == LargeBlockLength)
            _largeReadBlocksInUse--;
    }

    private Stack<byte[]>? KeptOf(int length) => length switch
    {
        BlockLength => _blocks,
        LargeBlockLength => _large,
        _ => null,
    };

    /// <summary>Room for the payload of one packet; <paramref name="length"/> is at most what this endpoint receives.</summary>
    internal byte[] RentPacket(int length)
    {
        PacketsInUse++;
        // Longer than we send ourselves is rare, and not worth keeping.
        if (length > packetLength && length > jumboLength)
            return GC.AllocateUninitializedArray<byte>(length);
        var (kept, whole) = length > packetLength ? (_jumbos, jumboLength) : (_packets, packetLength);
        return kept.TryPop(out var packet) ? packet : GC.AllocateUninitializedArray<byte>(whole);
    }

    internal void ReturnPacket(byte[] packet)
    {
        PacketsInUse--;
        if (packet.Length == packetLength && _packets.Count < MaxKeptPackets)
            _packets.Push(packet);
        else if (packet.Length == jumboLength && _jumbos.Count < MaxKeptJumbos)
            _jumbos.Push(packet);
    }
}
