namespace Crust.Tests.Simulation;

/// <summary>A bug to be planted: a place in a source file of the product, and what stands there instead.</summary>
/// <param name="Name">What the bug is.</param>
/// <param name="File">Path below the folder of the product's project.</param>
/// <param name="Place">Text that stands there exactly once.</param>
/// <param name="Instead">What stands there in the mutant.</param>
public sealed record Mutant(string Name, string File, string Place, string Instead)
{
    /// <summary>The file with the bug.</summary>
    /// <exception cref="InvalidOperationException">The place is not there, or more than once.</exception>
    internal string Apply(string text)
    {
        var at = text.IndexOf(Place, StringComparison.Ordinal);
        if (at < 0 || text.IndexOf(Place, at + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException($"The bug '{Name}' has no place in {File} any more, or several: describe it anew.");
        return string.Concat(text.AsSpan(0, at), Instead, text.AsSpan(at + Place.Length));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
