using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Tests.Simulation;

/// <summary>Reads the frames of a record that is about to be sealed, for those that want to know what goes over the wire.</summary>
internal static class FrameWalk
{
    /// <summary>Tells of every statement in a record.</summary>
    internal static void Statements(ReadOnlySpan<byte> plaintext, Direction direction)
    {
        var reader = new SpanReader(plaintext);
        while (reader.TryReadByte(out var type))
        {
            var good = (FrameType)type switch
            {
                FrameType.Protocol => ProtocolFrame.TryRead(ref reader, out _),
                FrameType.Entry => EntryFrame.TryRead(ref reader, out _),
                FrameType.Begin => BeginFrame.TryRead(ref reader, out _),
                FrameType.More => MoreFrame.TryRead(ref reader, out _),
                FrameType.End => EndFrame.TryRead(ref reader, out _),
                FrameType.Batch => TellStatement(ref reader, direction),
                FrameType.Acknowledge => AcknowledgeFrame.TryRead(ref reader, out _),
                FrameType.Refuse => RefuseFrame.TryRead(ref reader, out _),
                FrameType.StreamCredit => StreamCreditFrame.TryRead(ref reader, out _),
                FrameType.Datagram => DatagramFrame.TryRead(ref reader, out _),
                FrameType.Nominate => NominateFrame.TryRead(ref reader, out _),
                FrameType.Goodbye => GoodbyeFrame.TryRead(ref reader, out _),
                FrameType.Ping or FrameType.Pong => reader.TryReadUInt64(out _),
                FrameType.LinkRequest => true,
                _ => false,
            };
            if (!good)
                throw new SimulationFailure($"A record was written that nobody can read, at frame 0x{type:X2}.");
        }
    }

    private static bool TellStatement(ref SpanReader reader, Direction direction)
    {
        if (!BatchFrame.TryRead(ref reader, out var frame))
            return false;
        direction.Stated(frame.First, frame.Count, frame.Signature);
        return true;
    }
}
