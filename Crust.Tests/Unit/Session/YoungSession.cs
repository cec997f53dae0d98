using Crust.Session;
using Crust.Session.Circuits;
using Crust.Tests.Fuzz;
using Crust.Tests.Unit.Session.Circuits;

namespace Crust.Tests.Unit.Session;

/// <summary>A session that has begun: what hostile input meets.</summary>
internal static class YoungSession
{
    /// <summary>A pair with a little history both ways, so that numbers can be nearly right.</summary>
    internal static SessionPair Make()
    {
        var pair = new SessionPair();
        pair.Send(pair.A, new byte[100]);
        pair.Send(pair.B, new byte[100]);
        pair.Open(pair.A);
        pair.Open(pair.B);
        foreach (var end in new[] { pair.A, pair.B })
        {
            var hop = new EchoingHop(opensEven: end == pair.A);
            end.Machine.Circuits = hop;
            hop.Open(CircuitPair.Caller, CircuitKind.Data, [], new byte[20]);
        }

        pair.Run();
        return pair;
    }

    /// <summary>Records with every kind of frame that fit it.</summary>
    internal static IEnumerable<byte[]> EveryFrame()
    {
        var pair = Make();
        pair.Send(pair.A, new byte[100], protocol: "another");
        pair.PollOne(pair.A);
        yield return pair.A.TakeRecord();
        yield return new RecordBuilder().Acknowledge(2, 5 << 20, 6 << 20).Ping().Raw(6, 0, 0, 0, 0, 0, 0, 0, 1).Refuse(1).StreamCredit(1, 70_000)
            .Datagram("d", [1]).Nominate(7).Goodbye(1, "bye"u8.ToArray()).Record;
        yield return new RecordBuilder().Protocol(2, "x").Begin([1, 2], 10, protocol: 2).More([3]).End(3, new byte[7]).Record;
        yield return new RecordBuilder().CreditReturn(1, 2).LinkRequest(3).CircuitOpen(4, CircuitKind.Control, CircuitPair.Caller, [1, 2]).CircuitCredit(1, 100_000).CircuitData(1, [1, 2]).CircuitClose(1, 6)
            .Record;
        yield return new RecordBuilder().Stream(3, EntryKind.StreamData, 0, [1, 2]).Stream(4, EntryKind.StreamFinish, 0).Stream(5, EntryKind.StreamStop, 1).Record;
    }
}
