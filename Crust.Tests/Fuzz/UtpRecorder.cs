using Crust.Tests.Unit.Utp;
using Crust.Utp;

namespace Crust.Tests.Fuzz;

/// <summary>Records what two endpoints say to each other over a path that loses, repeats, delays and narrows: every kind of packet and extension, each a few times.</summary>
internal static class UtpRecorder
{
    internal const string File = "utp.bin";

    /// <summary>Of one kind, length class and set of extensions.</summary>
    private const int MostAlike = 6;

    internal static List<Capture> Record()
    {
        var captures = new List<Capture>();
        var seen = new Dictionary<(int Type, int Extension, int Length), int>();
        for (var seed = 1; seed <= 4; seed++)
        {
            foreach (var datagram in Converse(seed))
            {
                var bytes = datagram.Bytes;
                var alike = (bytes[0], bytes[1], bytes.Length / 256);
                if (seen.TryGetValue(alike, out var times) && times >= MostAlike)
                    continue;
                seen[alike] = times + 1;
                captures.Add(new Capture(CaptureKind.UtpDatagram, bytes));
            }
        }

        return captures;
    }

    private static List<Datagram> Converse(int seed)
    {
        var random = new Random(seed);
        var pair = new UtpPair { Sent = [] };
        var (left, right) = pair.Open();
        var first = new Transfer(left, right, 400_000).Start(pair);
        pair.RunUntil(() => first.IsDone, 60);
        var narrow = seed % 2 == 0 ? 1_300 : int.MaxValue;
        var second = new Transfer(left, right, 300_000, finishes: true).Start(pair);
        pair.Run(0.01);
        pair.Fate = datagram => datagram.Bytes.Length > narrow || random.Next(15) == 0 ? [] : random.Next(15) == 0 ? [0, random.Next(8_000)] : [random.Next(10) == 0 ? random.Next(9_000) : 0];
        pair.RunUntil(() => second.IsDone && right.IsReadFinished, 120);
        pair.Fate = _ => [0];
        right.Write(new byte[5_000]);
        pair.Run(60);
        if (seed > 2)
            right.Abort();
        else
            right.FinishWriting();
        pair.Run(1);
        while (left.Read(new byte[8_000]) > 0)
            pair.Pump();
        pair.Run(10);
        return pair.Sent;
    }
}
