namespace Crust.Gateway.Files;

/// <summary>
/// A message of the file protocol, but for chunks and receipts, which have parsers of their own. The attempt is a number that the sender raises
/// with each offer: what belongs to an earlier one is told apart and dropped.
/// </summary>
/// <param name="Attempt">Which offer it belongs to.</param>
internal abstract record FileMessage(uint Attempt)
{
    /// <summary>From the sender: what it would like to send. Pages of the manifest follow without waiting.</summary>
    /// <param name="Attempt">The new attempt.</param>
    /// <param name="ManifestLength">Bytes of the manifest.</param>
    /// <param name="ManifestHash">BLAKE3 of the manifest.</param>
    /// <param name="Entries">Files and folders.</param>
    /// <param name="TotalLength">Bytes of all files.</param>
    internal sealed record Offer(uint Attempt, int ManifestLength, ReadOnlyMemory<byte> ManifestHash, int Entries, long TotalLength) : FileMessage(Attempt);

    /// <summary>From the sender: the next bytes of the manifest.</summary>
    internal sealed record Page(uint Attempt, ReadOnlyMemory<byte> Bytes) : FileMessage(Attempt);

    /// <summary>From the sender: a file's last byte was sent.</summary>
    internal sealed record FileEnd(uint Attempt, int Index, ReadOnlyMemory<byte> Hash) : FileMessage(Attempt);

    /// <summary>From the sender: every file was sent.</summary>
    internal sealed record Finished(uint Attempt) : FileMessage(Attempt);

    /// <summary>From the sender: it gives up, and says why.</summary>
    internal sealed record Abandon(uint Attempt, string Reason) : FileMessage(Attempt);

    /// <summary>From the sender: it has the receipt, which the receiver need not keep for it any longer.</summary>
    internal sealed record Thanks(uint Attempt) : FileMessage(Attempt);

    /// <summary>From the receiver: go on, here is what I have.</summary>
    internal sealed record Ready(uint Attempt, ReceiverState State) : FileMessage(Attempt);

    /// <summary>From the receiver: checking or storing what it has, which takes time.</summary>
    internal sealed record Working(uint Attempt) : FileMessage(Attempt);

    /// <summary>From the receiver: the file's bytes have another hash than was sent; the attempt is over, offer again.</summary>
    internal sealed record Mismatch(uint Attempt, int Index) : FileMessage(Attempt);

    /// <summary>From the receiver: no more of this.</summary>
    internal sealed record Refusal(uint Attempt, RefusalCode Code, string Reason) : FileMessage(Attempt);
}
