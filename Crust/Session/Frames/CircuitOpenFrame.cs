using Crust.Identity;
using Crust.Session.Circuits;
using Crust.Wire;

namespace Crust.Session.Frames;

/// <summary>
/// Opens a circuit: <c>0x11 ‖ id varint ‖ kind u8 ‖ peer (32) ‖ token varbytes</c>. To a gateway the peer is who is called; from a gateway it is who calls.
/// Data may follow at once, up to <see cref="CircuitLimits.InitialWindow"/>: whoever refuses drops it.
/// </summary>
/// <param name="id">The opener's: even from the lower id of the hop, odd from the higher, each higher than the one before.</param>
/// <param name="kind">What the circuit is for.</param>
/// <param name="peer">Whom it leads to, or comes from.</param>
/// <param name="token">Why the gateway should admit a caller that is not attached to it: a <see cref="CircuitToken"/>, or empty. From a gateway always empty.</param>
internal readonly ref struct CircuitOpenFrame(ulong id, CircuitKind kind, PeerId peer, ReadOnlySpan<byte> token)
{
    /// <summary>Longest token, in bytes. Ours: a third more than today's.</summary>
    internal const int MaxTokenLength = 255;

    /// <summary>Longest frame.</summary>
    internal const int MaxLength = 1 + 8 + 1 + PeerId.ByteLength + 2 + MaxTokenLength;

    internal ulong Id { get; } = id;

    internal CircuitKind Kind { get; } = kind;

    internal PeerId Peer { get; } = peer;

    internal ReadOnlySpan<byte> Token { get; } = token;

    internal void Write(ref SpanWriter writer)
    {
        writer.WriteByte((byte)FrameType.CircuitOpen);
        writer.WriteVarInt(Id);
        writer.WriteByte((byte)Kind);
        Peer.CopyTo(writer.Reserve(PeerId.ByteLength));
        writer.WriteVarBytes(Token);
    }

    /// <summary>Reads what follows the type.</summary>
    internal static bool TryRead(scoped ref SpanReader reader, out CircuitOpenFrame frame)
    {
        frame = default;
        if (!reader.TryReadVarInt(out var id)
            || !reader.TryReadByte(out var kind) || kind > (byte)CircuitKind.Control
            || !reader.TryReadBytes(PeerId.ByteLength, out var bytes) || !PeerId.TryFromBytes(bytes, out var peer)
            || !reader.TryReadVarBytes(MaxTokenLength, out var token))
            return false;
        frame = new CircuitOpenFrame(id, (CircuitKind)kind, peer, token);
        return true;
    }
}
