using Google.Protobuf;

namespace Crust.PeerProtocol;

/// <summary>
/// What peers say to find each other without gateways, session protocol <c>crust/peers/1</c>: messages of <c>peers.proto</c> and their bounds. Records in it are signed by whom they speak of; they are
/// verified where they are used. Pure.
/// </summary>
internal static class PeersTalk
{
    internal const string Protocol = "crust/peers/1";

    /// <summary>Longest message. Ours: 21 records of the largest size with what goes around them.</summary>
    internal const int MaxLength = 24 * 1024;

    /// <summary>Most records in an answer: Kademlia's k.</summary>
    internal const int MaxRecords = 20;

    /// <summary>Bytes of a place.</summary>
    internal const int TargetLength = 32;

    /// <summary>Parses a message; false for anything oversized, malformed or out of bounds.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> payload, out PeersEnvelope envelope)
    {
        envelope = null!;
        if (payload.Length > MaxLength)
            return false;
        try
        {
            envelope = PeersEnvelope.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        return envelope.BodyCase switch
        {
            PeersEnvelope.BodyOneofCase.Record => envelope.Id == 0,
            PeersEnvelope.BodyOneofCase.ClosestRequest => envelope.Id != 0 && envelope.ClosestRequest.Target.Length == TargetLength,
            PeersEnvelope.BodyOneofCase.ClosestResponse => envelope.Id != 0 && envelope.ClosestResponse.Records.Count <= MaxRecords,
            PeersEnvelope.BodyOneofCase.None => false,
            _ => envelope.Id != 0,
        };
    }
}
