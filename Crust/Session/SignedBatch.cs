namespace Crust.Session;

/// <summary>A statement as it was signed, kept to be resent byte for byte.</summary>
/// <param name="First">Number of its first message.</param>
/// <param name="Count">How many messages it covers.</param>
/// <param name="UnixMilliseconds">When it was signed.</param>
/// <param name="Signature">64 bytes.</param>
internal sealed record SignedBatch(ulong First, int Count, ulong UnixMilliseconds, byte[] Signature)
{
    /// <summary>Number of its last message.</summary>
    internal ulong Last => First + (ulong)Count - 1;
}
