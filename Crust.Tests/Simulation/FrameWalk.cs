using System.Text;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Tests.Simulation;

/// <summary>Reads the frames of a record, for those that want to know what goes over the wire.</summary>
internal static class FrameWalk
{
    /// <summary>Holds a record that is about to be sealed against those before: its statements, and what it counts as and lets the other end send.</summary>
    internal static void Check(ReadOnlySpan<byte> plaintext, SimulatedSession writer) => Walk(plaintext, writer, null);

    /// <summary>A record in words.</summary>
    internal static string Describe(ReadOnlySpan<byte> plaintext)
    {
        var words = new StringBuilder();
        Walk(plaintext, null, words);
        return words.ToString();
    }

    private static void Walk(ReadOnlySpan<byte> plaintext, SimulatedSession? writer, StringBuilder? words)
    {
        var reader = new SpanReader(plaintext);
        while (reader.TryReadByte(out var type))
        {
            if (!TryRead((FrameType)type, ref reader, writer, words))
                throw new SimulationException($"A record was written that nobody can read, at frame 0x{type:X2}.");
        }
    }

    private static bool TryRead(FrameType type, ref SpanReader reader, SimulatedSession? writer, StringBuilder? words)
    {
        var direction = writer?.Outward;
        switch (type)
        {
            case FrameType.Protocol when ProtocolFrame.TryRead(ref reader, out var f):
                words?.Append($" protocol {f.Id}={Encoding.ASCII.GetString(f.Name)}");
                return true;
            case FrameType.Entry when EntryFrame.TryRead(ref reader, out var f):
                direction?.Tally.Wrote(f);
                words?.Append($" entry {f.Number} {Shape(f.Shape)} {f.Data.Length}");
                return true;
            case FrameType.Begin when BeginFrame.TryRead(ref reader, out var f):
                direction?.Tally.Wrote(f);
                words?.Append($" begin {f.Number} {Shape(f.Shape)} {f.Data.Length}/{f.TotalLength}");
                return true;
            case FrameType.More when MoreFrame.TryRead(ref reader, out var f):
                words?.Append($" more p{f.Lane} {f.Data.Length}");
                return true;
            case FrameType.End when EndFrame.TryRead(ref reader, out var f):
                direction?.Tally.Wrote(f);
                words?.Append($" end {f.Number} p{f.Lane} {f.Data.Length}");
                return true;
            case FrameType.Batch when BatchFrame.TryRead(ref reader, out var f):
                direction?.Stated(f.First, f.Count, f.Signature);
                words?.Append($" batch {f.First}+{f.Count}");
                return true;
            case FrameType.Acknowledge when AcknowledgeFrame.TryRead(ref reader, out var f):
                if (writer is not null)
                    Bounds.Check(writer, f);
                words?.Append($" ack {f.Through} credit {f.MessageCredit} {f.StreamCredit}");
                return true;
            case FrameType.Refuse when RefuseFrame.TryRead(ref reader, out var f):
                words?.Append($" refuse {f.Number}");
                return true;
            case FrameType.StreamCredit when StreamCreditFrame.TryRead(ref reader, out var f):
                if (writer is not null)
                    Bounds.Check(writer, f);
                words?.Append($" credit of stream {f.Stream} {f.Limit}");
                return true;
            case FrameType.CreditReturn when CreditReturnFrame.TryRead(ref reader, out var f):
                direction?.Tally.Wrote(f);
                words?.Append($" gives back {f.Messages} {f.Streams}");
                return true;
            case FrameType.Datagram when DatagramFrame.TryRead(ref reader, out var f):
                words?.Append($" datagram {f.Data.Length}");
                return true;
            case FrameType.Nominate when NominateFrame.TryRead(ref reader, out var f):
                words?.Append($" nominate {f.Generation}");
                return true;
            case FrameType.Goodbye when GoodbyeFrame.TryRead(ref reader, out var f):
                words?.Append($" goodbye {f.Code}");
                return true;
            case FrameType.Ping or FrameType.Pong when reader.TryReadUInt64(out var token):
                words?.Append($" {type} {token}");
                return true;
            case FrameType.CircuitOpen when CircuitOpenFrame.TryRead(ref reader, out var f):
                words?.Append($" opens circuit {f.Id}");
                return true;
            case FrameType.CircuitData when CircuitDataFrame.TryRead(ref reader, out var f):
                words?.Append($" circuit {f.Id} {f.Data.Length}");
                return true;
            case FrameType.CircuitCredit when CircuitCreditFrame.TryRead(ref reader, out var f):
                words?.Append($" credit of circuit {f.Id} {f.Limit}");
                return true;
            case FrameType.CircuitClose when CircuitCloseFrame.TryRead(ref reader, out var f):
                words?.Append($" closes circuit {f.Id} {f.Code}");
                return true;
            case FrameType.LinkRequest when LinkRequestFrame.TryRead(ref reader, out var f):
                words?.Append($" request {f.Generation}");
                return true;
            default:
                return false;
        }
    }

    private static string Shape(in EntryShape shape) => $"{shape.Kind} p{shape.Priority}{(shape.IsUnsigned ? " open" : "")}{(shape.HasStream ? $" stream {shape.Stream}" : "")}";
}
