using System.Runtime.CompilerServices;
using Crust.Cryptography;

namespace Crust.Grains.Routing;

/// <summary>One attachment of a peer, without what the table knows anyway: the peer's statement is made again of it to the byte.</summary>
internal struct AttachmentSlot
{
    /// <summary>At which gateway, by its number in the table.</summary>
    internal int Gateway;

    /// <summary>The peer's attachment that was signed before this one; −1 for none.</summary>
    internal int Next;

    /// <summary>When it was signed.</summary>
    internal ulong UnixMilliseconds;

    /// <summary>Sequence number of the peer's newest record that the gateway knew.</summary>
    internal ulong RecordSequence;

    /// <summary>The peer's signature.</summary>
    internal SignatureBytes Signature;

    /// <summary>64 bytes in place.</summary>
    [InlineArray(Length)]
    internal struct SignatureBytes
    {
        internal const int Length = Ed25519.SignatureLength;

        private byte _first;
    }
}
