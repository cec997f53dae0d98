namespace Crust.Nat.Stun;

/// <summary>Which of a server's up to four end points (RFC 5780 §6): its first or other address, its first or other port. Bits are those of <see cref="StunChange"/>.</summary>
internal enum StunPlace
{
    Primary = 0,
    OtherPort = (int)StunChange.Port,
    OtherAddress = (int)StunChange.Address,
    OtherBoth = (int)(StunChange.Address | StunChange.Port),
}
