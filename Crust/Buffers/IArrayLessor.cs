namespace Crust.Buffers;

/// <summary>Where an <see cref="OutputBuffer{TLessor}"/> has its memory from.</summary>
internal interface IArrayLessor
{
    /// <summary>Length of a buffer that begins with a small piece.</summary>
    static abstract int SmallLength { get; }

    /// <summary>An array of at least this length.</summary>
    static abstract byte[] Rent(int length);

    /// <summary>Takes back an array that was rented.</summary>
    static abstract void Return(byte[] array);
}
