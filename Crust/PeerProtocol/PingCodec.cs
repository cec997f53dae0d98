using System.Buffers.Binary;

namespace Crust.PeerProtocol;

/// <summary>
/// The echo that <c>crust ping</c> uses, session protocol <c>crust/ping/1</c>: <c>kind u8 (0 request, 1 response) ‖ number u64</c>. Unlike
/// the session's own heartbeat it is a signed message, handled by the other process. Pure.
/// </summary>
internal static class PingCodec
{
    internal const string Protocol = "crust/ping/1";

    internal const int Length = 1 + sizeof(ulong);

    internal static byte[] Write(bool isResponse, ulong number)
    {
        var payload = new byte[Length];
        payload[0] = isResponse ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64BigEndian(payload.AsSpan(1), number);
        return payload;
    }

    internal static bool TryRead(ReadOnlySpan<byte> payload, out bool isResponse, out ulong number)
    {
        isResponse = false;
        number = 0;
        if (payload.Length != Length || payload[0] > 1)
            return false;
        isResponse = payload[0] == 1;
        number = BinaryPrimitives.ReadUInt64BigEndian(payload[1..]);
        return true;
    }
}
