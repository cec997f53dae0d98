using System.Buffers;

namespace Crust.Buffers;

/// <summary>The runtime's shared pool.</summary>
internal readonly struct SharedArrays : IArrayLessor
{
    public static int SmallLength => 4 * 1024;

    public static byte[] Rent(int length) => ArrayPool<byte>.Shared.Rent(length);

    public static void Return(byte[] array) => ArrayPool<byte>.Shared.Return(array);
}
