using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>What the answer to a Binding request says.</summary>
/// <param name="Mapped">Where the server saw the request come from.</param>
/// <param name="Origin">Where the answer says it was sent from (RFC 5780 §7.3), if it does.</param>
/// <param name="Other">The server's other address and port (RFC 5780 §7.4), if it has them.</param>
/// <param name="ErrorCode">0 for success.</param>
internal readonly record struct StunBinding(TransportAddress Mapped, TransportAddress? Origin, TransportAddress? Other, int ErrorCode)
{
    /// <summary>Reads an answer; false when it is none, or a success without an address.</summary>
    internal static bool TryRead(StunMessage response, out StunBinding binding)
    {
        binding = default;
        switch (response.Class)
        {
            case StunClass.SuccessResponse when response.TryGetMappedAddress(out var mapped):
                binding = new StunBinding(
                    mapped,
                    response.TryGetAddress(StunAttribute.ResponseOrigin, out var origin) ? origin : null,
                    response.TryGetAddress(StunAttribute.OtherAddress, out var other) ? other : null,
                    0);
                return true;
            case StunClass.ErrorResponse when response.TryGetErrorCode(out var code):
                binding = new StunBinding(default, null, null, code);
                return true;
            default:
                return false;
        }
    }
}
