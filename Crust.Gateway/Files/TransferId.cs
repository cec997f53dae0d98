using Crust.Cryptography;
using Crust.Identity;

namespace Crust.Gateway.Files;

/// <summary>
/// The name of a transfer, the same whenever the same sender sends the same: BLAKE3 of <c>"crust-file transfer v1\0"</c> ‖ sender (32) ‖ manifest
/// hash (32), in 64 hex digits.
/// </summary>
/// <param name="Text">The digits; fit for a folder's name.</param>
internal readonly record struct TransferId(string Text)
{
    internal static TransferId For(PeerId sender, ReadOnlySpan<byte> manifestHash)
    {
        var context = "crust-file transfer v1\0"u8;
        return new TransferId(Convert.ToHexStringLower(Blake3.Hash([.. context, .. sender.ToByteArray(), .. manifestHash])));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;
}
