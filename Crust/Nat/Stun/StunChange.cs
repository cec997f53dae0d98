namespace Crust.Nat.Stun;

/// <summary>The flags of CHANGE-REQUEST (RFC 5780 §7.2).</summary>
[Flags]
internal enum StunChange : uint
{
    None = 0,

    /// <summary>Answer from the other port.</summary>
    Port = 0x2,

    /// <summary>Answer from the other IP address.</summary>
    Address = 0x4,
}
