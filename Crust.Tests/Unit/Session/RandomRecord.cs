using Crust.Primitives;
using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Tests.Unit.Session.Circuits;

namespace Crust.Tests.Unit.Session;

/// <summary>Records of frames that are right in themselves, with random numbers that may fit a young session. Every kind of frame has its turn: a new one that is missing here throws.</summary>
internal static class RandomRecord
{
    private static readonly FrameType[] Types = Enum.GetValues<FrameType>();

    internal static byte[] Next(DeterministicRandom random)
    {
        var builder = new RecordBuilder();
        for (var frames = random.Next(1, 5); frames > 0; frames--)
        {
            // Entries are what most can be wrong with.
            Add(builder, random.Chance(0.2) ? FrameType.Entry : Types[random.Next(Types.Length)], random);
        }

        return builder.Record;
    }

    private static void Add(RecordBuilder builder, FrameType type, DeterministicRandom random)
    {
        var small = (ulong)random.Next(5);
        var stream = (ulong)random.Next(4);
        _ = type switch
        {
            FrameType.Protocol => builder.Protocol(small, random.Chance(0.5) ? "x" : "y"),
            FrameType.Entry when random.Chance(0.5) => builder.Message(small, new byte[random.Next(20)], (ulong)random.Next(3), (byte)random.Next(5)),
            FrameType.Entry => builder.Stream(small, (EntryKind)random.Next(2, 7), stream, random.Chance(0.3) ? new byte[random.Next(1, 9)] : null),
            FrameType.Begin => builder.Begin(new byte[random.Next(1, 20)], (ulong)random.Next(40), (ulong)random.Next(2)),
            FrameType.More => builder.More(new byte[random.Next(1, 20)], (byte)random.Next(2)),
            FrameType.End => builder.End(small, new byte[random.Next(1, 20)], (byte)random.Next(2)),
            FrameType.Batch => builder.Batch(small, (ulong)random.Next(4), new byte[64]),
            FrameType.Acknowledge => builder.Acknowledge(small, (ulong)random.Next(200 << 10, 600 << 10), (ulong)random.Next(200 << 10, 600 << 10)),
            FrameType.Refuse => builder.Refuse(small),
            FrameType.StreamCredit => builder.StreamCredit(stream, (ulong)random.Next(100_000)),
            FrameType.Datagram => builder.Datagram(random.Chance(0.9) ? "d" : "", new byte[random.Next(20)]),
            FrameType.Nominate => builder.Nominate(small),
            FrameType.LinkRequest => builder.LinkRequest(small),
            FrameType.Ping => builder.Ping(),
            FrameType.Pong => builder.Pong((byte)random.Next(3)),
            FrameType.CreditReturn => builder.CreditReturn((ulong)random.Next(300 << 10), small),
            // Most of the time there is more to come.
            FrameType.Goodbye => random.Chance(0.1) ? builder.Goodbye(small, new byte[random.Next(20)]) : builder.Ping(),
            FrameType.CircuitOpen => builder.CircuitOpen(small, (CircuitKind)random.Next(3), CircuitPair.Caller, new byte[random.Next(5)]),
            FrameType.CircuitData => builder.CircuitData(small, new byte[random.Next(30)]),
            FrameType.CircuitCredit => builder.CircuitCredit(small, (ulong)random.Next(200_000)),
            FrameType.CircuitClose => builder.CircuitClose(small, (ulong)random.Next(12)),
            _ => throw new InvalidOperationException($"There is no random {type} yet."),
        };
    }
}
