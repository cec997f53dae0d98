namespace Crust.Nat.Stun;

/// <summary>The class of a STUN message (RFC 8489 §5), as its two bits say.</summary>
internal enum StunClass
{
    Request = 0,
    Indication = 1,
    SuccessResponse = 2,
    ErrorResponse = 3,
}
