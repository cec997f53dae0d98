namespace Crust.Tests.Simulation.Datagrams;

/// <summary>The bugs of µTP that stories of µTP alone must find within 200 seeds.</summary>
internal static class UtpMutants
{
    private const string Handling = "Utp/UtpConnection.Handling.cs";
    private const string Connection = "Utp/UtpConnection.cs";
    private const string Flight = "Utp/Sending/Flight.cs";
    private const string Receiving = "Utp/Receiving/ReceivingHalf.cs";

    internal static readonly Mutant[] Planted =
    [
        new("a RESET is not checked", Handling, "if (!isPlausible)", "if (!isPlausible && header.SequenceNumber == header.AcknowledgementNumber)"),
        new("an acknowledgement is not checked", Handling, "!_sending.IsPlausible(acknowledged) || Math", "Math"),
        new("a cookie is not checked", "Utp/SynCookies.cs", "return cookie == Compute(remote, connectionId, sequenceNumber, epoch)", "return connectionId != 0 || cookie == Compute(remote, connectionId, sequenceNumber, epoch)"),
        new("a bit of a selective ack is one off", Flight, "Acknowledge(number + 2 + (part", "Acknowledge(number + 1 + (part"),
        new("the first packet is not sent again after a timeout", Flight, "for (var number = _packets.First; number < _packets.Next", "for (var number = _packets.First + 1; number < _packets.Next"),
        new("a retransmit that is lost is not noticed", Flight, "packet.Transmission = _log.Add(number);", "_ = _log.Add(number);"),
        new("a FIN counts although something before it is missing", Receiving, "if (number == Expected)\n        {\n            _bytes", "if (number == Expected || isFin)\n        {\n            _bytes"),
        new("a duplicate is delivered", Receiving, "_isUrgent = true;\n            return ArrivalKind.Duplicate;", "_isUrgent = true;\n            _bytes.Append(payload);\n            return ArrivalKind.Duplicate;"),
        new("a part is taken for the whole", Handling, "extensions.Part.WholeLength == 0 ||", "extensions.Part.WholeLength >= 0 ||"),
        new("half a close is a whole one", Connection, "IsReadFinished && _sending.IsFinished)", "IsReadFinished)"),
        new("a writer that waits is not told of room", Connection, "_wantsWritable |= taken < bytes.Length;", ""),
        new("a reader is told once and never again", Connection, "_isReadableSignalled = false;", ""),
        new("what lies behind counts as far ahead", "Utp/Packets/PacketNumber.cs", "(short)", "(ushort)"),
    ];
}
