namespace Crust.Cryptography;

/// <summary>
/// How many chunks or messages BLAKE3 compresses side by side, at most. Callers leave it to <see cref="Blake3.DegreeFor"/>; tests ask for each, and
/// each works on every processor, slowly where the instructions are missing.
/// </summary>
internal enum Blake3Degree
{
    /// <summary>No vectors at all: 32-bit words in locals. What the others are held to.</summary>
    Scalar = 1,

    /// <summary>Nothing side by side, but each block row by row in <c>Vector128</c>.</summary>
    Rows = 2,

    /// <summary>Four lanes of <c>Vector128</c>; single blocks as in <see cref="Rows"/>, as with all wider ones.</summary>
    Four = 4,

    /// <summary>Eight lanes of <c>Vector256</c>.</summary>
    Eight = 8,

    /// <summary>Sixteen lanes of <c>Vector512</c>.</summary>
    Sixteen = 16,
}
