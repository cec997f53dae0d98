using System.Buffers.Binary;
using Crust.Cryptography;
using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Transaction ids (RFC 8489 §5) that are a keyed function of what is asked, whom and from where: whether a response answers a request of ours is computed, so that
/// thousands of probes need no memory. Whoever does not see a request cannot guess its id. A repeated request has the same id, as it should. Pure.
/// </summary>
internal sealed class TransactionIds(byte[] seed)
{
    internal StunTransactionId Of(int socket, TransportAddress remote, TransactionUse use)
    {
        Span<byte> what = stackalloc byte[1 + sizeof(int) + Bits128.Length + sizeof(ushort)];
        what[0] = (byte)use;
        BinaryPrimitives.WriteInt32BigEndian(what[1..], socket);
        remote.Address.Write(what[5..]);
        BinaryPrimitives.WriteUInt16BigEndian(what[21..], remote.Port);
        Span<byte> mac = stackalloc byte[HmacBlake2b.HashLength];
        HmacBlake2b.Compute(seed, what, default, mac);
        return StunTransactionId.From(mac);
    }
}
