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

    /// <summary>Most addresses in one request to dial back.</summary>
    internal const int MaxDialBacks = 3;

    /// <summary>Most IPs that a request to dial back names as those that its sender has sent to.</summary>
    internal const int MaxContacted = 32;

    /// <summary>
    /// Bytes that a request to dial back has for each address. Ours: more than the gateway may send there, which is three SYNs, and once somebody answers, message 1 (about 1,450 bytes with its
    /// headers), an acknowledgement and an end. So nobody gains by making a gateway send.
    /// </summary>
    internal const int DialBackCost = 2048;

    /// <summary>Most peers in a sample of the bootstrap cache. Ours: with records of at most 512 bytes, and the gateways, an envelope holds them.</summary>
    internal const int MaxSampledPeers = 24;

    /// <summary>Most gateway addresses in such a sample.</summary>
    internal const int MaxSampledGateways = 24;

    /// <summary>Most addresses of one gateway in an answer.</summary>
    internal const int MaxHomeAddresses = 16;

    /// <summary>Most records of a neighbourhood.</summary>
    internal const int MaxNeighbours = 48;

    /// <summary>Bytes that the records of a neighbourhood may take in an envelope.</summary>
    internal const int MaxNeighbourBytes = MaxEnvelopeLength - 1024;

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
