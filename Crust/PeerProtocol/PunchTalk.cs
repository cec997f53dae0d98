using Crust.Nat.HolePunching;
using Crust.Primitives;
using Google.Protobuf;

namespace Crust.PeerProtocol;

/// <summary>
/// What peers say to each other about a punch, session protocol <c>crust/punch/1</c>, unsigned: messages of <c>punch.proto</c>, their bounds, and what they mean to a
/// <see cref="PunchMachine"/>. Pure.
/// </summary>
internal static class PunchTalk
{
    internal const string Protocol = "crust/punch/1";

    /// <summary>Bytes of an attempt id.</summary>
    internal const int AttemptIdLength = 16;

    /// <summary>Longest message. Ours: sixteen IPv6 candidates take 450 bytes.</summary>
    internal const int MaxLength = 2048;

    private const int IPv4Length = 4, IPv6Length = 16;

    /// <summary>Parses a message; false for anything oversized, malformed or out of bounds.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> payload, out PunchEnvelope envelope)
    {
        envelope = null!;
        if (payload.Length > MaxLength)
            return false;
        try
        {
            envelope = PunchEnvelope.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        return envelope.Attempt.Length == AttemptIdLength && envelope.BodyCase != PunchEnvelope.BodyOneofCase.None;
    }

    /// <summary>An offer or answer as the machine takes it; false when it is out of bounds.</summary>
    internal static bool TryRead(PunchSide side, out PunchDescription description)
    {
        description = null!;
        if (side.Candidates.Count > PunchDescription.MaxCandidates || side.Ports > (uint)PortPredictability.Random)
            return false;
        var candidates = new List<PunchCandidate>(side.Candidates.Count);
        foreach (var told in side.Candidates)
        {
            if (told.Kind is < (uint)CandidateKind.Host or > (uint)CandidateKind.Predicted || told.Port is 0 or > ushort.MaxValue
                || told.Address.Length is not (IPv4Length or IPv6Length))
                return false;
            var address = TransportAddress.From(new System.Net.IPEndPoint(new System.Net.IPAddress(told.Address.Span), (int)told.Port));
            candidates.Add(new PunchCandidate((CandidateKind)told.Kind, address));
        }

        description = new PunchDescription(candidates, (PortPredictability)side.Ports, !side.Lax);
        return true;
    }

    /// <summary>The offer, or the answer to one.</summary>
    internal static byte[] WriteSide(byte[] attempt, PunchDescription description, PunchProtocol protocol, bool isOffer)
    {
        var side = new PunchSide { Protocol = protocol, Ports = (uint)description.Ports, Lax = !description.FiltersPorts };
        foreach (var candidate in description.Candidates)
        {
            side.Candidates.Add(new PunchAddress
            {
                Kind = (uint)candidate.Kind,
                Address = ByteString.CopyFrom(candidate.Address.ToIPEndPoint().Address.GetAddressBytes()),
                Port = candidate.Address.Port,
            });
        }

        var envelope = new PunchEnvelope { Attempt = ByteString.CopyFrom(attempt) };
        if (isOffer)
            envelope.Offer = side;
        else
            envelope.Answer = side;
        return envelope.ToByteArray();
    }

    /// <summary>We give up.</summary>
    internal static byte[] WriteEnd(byte[] attempt, PunchFailure failure) =>
        new PunchEnvelope { Attempt = ByteString.CopyFrom(attempt), End = new PunchEnd { Failure = (uint)failure } }.ToByteArray();

    /// <summary>When to dial over TCP.</summary>
    internal static byte[] WriteStart(byte[] attempt, TimeSpan delay) =>
        new PunchEnvelope { Attempt = ByteString.CopyFrom(attempt), Start = new PunchStart { InMilliseconds = (uint)delay.TotalMilliseconds } }.ToByteArray();
}
