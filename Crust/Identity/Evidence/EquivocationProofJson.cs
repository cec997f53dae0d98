namespace Crust.Identity.Evidence;

/// <summary>The JSON form of an <see cref="EquivocationProof"/>.</summary>
/// <param name="Type">Always <see cref="TypeName"/>.</param>
/// <param name="Version">Always 1.</param>
/// <param name="First">One of the two messages.</param>
/// <param name="Second">The other.</param>
internal sealed record EquivocationProofJson(string Type, int Version, SignedMessageJson First, SignedMessageJson Second)
{
    internal const string TypeName = "crust equivocation proof";

    internal static EquivocationProofJson Of(EquivocationProof proof) =>
        new(TypeName, EvidenceFormat.Version, SignedMessageJson.Of(proof.First), SignedMessageJson.Of(proof.Second));

    /// <summary>The proof, well formed; null with a sentence that says why not.</summary>
    internal EquivocationProof? ToProof(out string? fault)
    {
        fault = Type != TypeName ? "It is JSON, but not an equivocation proof."
            : Version != EvidenceFormat.Version ? $"It has version {Version}, and this program knows version {EvidenceFormat.Version} alone."
            : null;
        return fault is null && First.ToMessage(out fault) is { } first && Second.ToMessage(out fault) is { } second
            ? new EquivocationProof(first, second)
            : null;
    }
}
