namespace Crust.Buffers;

/// <summary>The <see cref="SlabPool"/>: for buffers that are handed on whole.</summary>
internal readonly struct SlabArrays : IArrayLessor
{
    public static int SmallLength => SlabPool.MinLength;

    public static byte[] Rent(int length) => SlabPool.Rent(length);

    public static void Return(byte[] array) => SlabPool.Return(array);
}
