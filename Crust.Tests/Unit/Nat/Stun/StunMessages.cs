using Crust.Nat.Stun;

namespace Crust.Tests.Unit.Nat.Stun;

/// <summary>Messages for tests.</summary>
internal static class StunMessages
{
    internal static readonly StunTransactionId Transaction = new(0x0102030405060708, 0x090A0B0C);

    internal delegate void Fill(ref StunWriter writer);

    internal static byte[] Make(StunClass @class, Fill? fill = null)
    {
        var buffer = new byte[StunHeader.MaxMessageLength];
        var writer = new StunWriter(buffer, @class, Transaction);
        fill?.Invoke(ref writer);
        return buffer[..writer.Length];
    }
}
