namespace Crust.Buffers;

/// <summary>One array of a <see cref="PayloadArena"/>, shared by payloads that follow one another. Its arena counts who still lives in it.</summary>
internal sealed class Slab
{
    internal byte[] Bytes { get; set; } = [];

    /// <summary>Bytes handed out from the beginning.</summary>
    internal int Used { get; set; }

    /// <summary>Leases not returned.</summary>
    internal int Live { get; set; }

    /// <summary>Second owners of leases in it, <see cref="Live"/> counts them as well.</summary>
    internal int Shared { get; set; }

    internal int Free => Bytes.Length - Used;
}
