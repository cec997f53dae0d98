namespace Crust.Cryptography;

/// <summary>
/// How many chunks or messages BLAKE3 compresses side by side, at most. Callers leave it to <see cref="Blake3.WidestDegree"/>; tests ask for each, and
/// each works on every processor, slowly where the instructions are missing.
/// </summary>
internal enum Blake3Degree
{
    /// <summary>No vectors at all: 32-bit words in locals. What the others are held to.</summary>
    Scalar = 1,

    /// <summary>Four lanes of <c>Vector128</c>; single blocks go row by row in the same registers.</summary>
    Four = 4,

    /// <summary>Eight lanes of <c>Vector256</c>.</summary>
    Eight = 8,

    /// <summary>Sixteen lanes of <c>Vector512</c>.</summary>
    Sixteen = 16,
}
