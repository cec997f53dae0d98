namespace Crust.Nat.Stun;

/// <summary>Error codes (RFC 8489 §14.8, RFC 8445 §16.2): hundreds are the class.</summary>
internal static class StunErrorCodes
{
    internal const int BadRequest = 400;
    internal const int Unauthenticated = 401;
    internal const int UnknownAttribute = 420;
    internal const int RoleConflict = 487;
    internal const int ServerError = 500;
}
