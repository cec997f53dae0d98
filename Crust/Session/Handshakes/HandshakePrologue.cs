using Crust.Identity;
using Crust.Wire;

namespace Crust.Session.Handshakes;

/// <summary>
/// What both sides must agree on before the first byte: <c>"crust" ‖ major version u8 ‖ network (32) ‖ responder's id (32)</c>. Two networks
/// or two major versions never shake hands, and the sign bit that the X25519 form of the responder's id loses is bound here.
/// </summary>
internal static class HandshakePrologue
{
    /// <summary>The wire's major version: another one is another protocol.</summary>
    internal const byte MajorVersion = 1;

    internal static byte[] Build(NetworkId network, PeerId responder)
    {
        var prologue = new byte[5 + 1 + NetworkId.ByteLength + PeerId.ByteLength];
        var writer = new SpanWriter(prologue);
        writer.WriteBytes("crust"u8);
        writer.WriteByte(MajorVersion);
        writer.WriteBytes(network.ToByteArray());
        responder.CopyTo(writer.Reserve(PeerId.ByteLength));
        return prologue;
    }
}
