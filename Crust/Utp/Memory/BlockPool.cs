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

    private readonly Stack<byte[]> _blocks = new();
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
