using Google.Protobuf;

namespace Crust.GatewayProtocol;

/// <summary>Bounds and parsing of gateway messages. Pure.</summary>
internal static class GatewayCodec
{
    /// <summary>The session protocol that carries these messages.</summary>
    internal const string Protocol = "crust/gateway/1";

    /// <summary>Largest envelope, in bytes. Ours: a record, an attachment and 32 addresses with room to grow.</summary>
    internal const int MaxEnvelopeLength = 16 * 1024;

    /// <summary>Bytes of an attempt id.</summary>
    internal const int AttemptIdLength = 16;

    /// <summary>Most gateway addresses in one answer.</summary>
    internal const int MaxGateways = 32;

    /// <summary>Most addresses of one gateway in an answer.</summary>
    internal const int MaxHomeAddresses = 16;

    /// <summary>Parses an envelope; false for anything oversized or malformed.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> payload, out GatewayEnvelope envelope)
    {
        envelope = null!;
        if (payload.Length > MaxEnvelopeLength)
            return false;
        try
        {
            envelope = GatewayEnvelope.Parser.ParseFrom(payload);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }
}
