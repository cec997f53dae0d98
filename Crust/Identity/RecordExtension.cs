namespace Crust.Identity;

/// <summary>The extensions of a <see cref="PeerRecord"/>. The values are on the wire.</summary>
internal enum RecordExtension : byte
{
    /// <summary>Which addresses are ports that the peer's router maps: u16, bit <c>i</c> for the address with the index <c>i</c>.</summary>
    MappedAddresses = 1,
}
