using System.Runtime.CompilerServices;

namespace Crust.Cryptography;

/// <summary>Length checks that stand between spans and native code.</summary>
internal static class Lengths
{
    /// <summary>Throws unless the span has exactly <paramref name="length"/> bytes: a wrong length is a bug of the caller, never input.</summary>
    internal static void Require(ReadOnlySpan<byte> span, int length, [CallerArgumentExpression(nameof(span))] string? name = null)
    {
        if (span.Length != length)
            throw new ArgumentException($"Expected {length} bytes, got {span.Length}.", name);
    }
}
