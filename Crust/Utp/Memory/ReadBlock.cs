using System.Buffers;

namespace Crust.Utp.Memory;

/// <summary>A block of received bytes that a reader can be shown together with the blocks behind it. Owned by a <see cref="ReadQueue"/>, or by the pool.</summary>
internal sealed class ReadBlock : ReadOnlySequenceSegment<byte>
{
    internal ReadBlock(int length)
    {
        Array = GC.AllocateUninitializedArray<byte>(length);
        Memory = Array;
    }

    internal byte[] Array { get; }

    internal ReadBlock? Following => (ReadBlock?)Next;

    /// <summary>Puts a block behind this one, which is full.</summary>
    internal void Append(ReadBlock block)
    {
        block.RunningIndex = RunningIndex + Array.Length;
        Next = block;
    }

    /// <summary>It stands alone again.</summary>
    internal void Detach()
    {
        Next = null;
        RunningIndex = 0;
    }
}
