using Crust.Identity;
using Crust.Session.Circuits;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Tests.Unit.Session.Circuits;

/// <summary>Both ends' circuits of one hop, and what became of every frame.</summary>
internal sealed class CircuitPair
{
    internal static readonly PeerId Caller = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)7, 32)]).Id;

    internal CircuitSet A { get; } = new(opensEven: true);

    internal CircuitSet B { get; } = new(opensEven: false);

    internal List<Circuit> OpenedAtB { get; } = [];

    internal List<(ulong Id, CircuitCode Code)> Ended { get; } = [];

    internal Dictionary<ulong, List<byte>> Received { get; } = [];

    /// <summary>The order in which circuits' bytes came to an end, with how many.</summary>
    internal List<(ulong Id, int Length)> Order { get; } = [];

    internal Circuit Open(CircuitKind kind = CircuitKind.Data, byte[]? token = null) => A.TryOpen(Caller, kind, token ?? [])!;

    /// <summary>Writes one record of an end and gives it to the other; how long it was.</summary>
    internal int Deliver(CircuitSet from, int recordLength = 16 << 10)
    {
        var record = Poll(from, recordLength);
        if (!Handle(from == A ? B : A, record))
            throw new InvalidOperationException("A frame broke the protocol.");
        return record.Length;
    }

    /// <summary>Until neither has anything to write.</summary>
    internal void Run(int recordLength = 16 << 10)
    {
        while (Deliver(A, recordLength) + Deliver(B, recordLength) > 0)
        {
        }
    }

    internal static byte[] Poll(CircuitSet from, int recordLength = 16 << 10)
    {
        var buffer = new byte[recordLength];
        var writer = new SpanWriter(buffer);
        from.Write(ref writer, []);
        return buffer[..writer.Position];
    }

    internal bool Handle(CircuitSet at, ReadOnlySpan<byte> record)
    {
        var reader = new SpanReader(record);
        while (!reader.IsAtEnd)
        {
            if (!reader.TryReadByte(out var type) || !at.TryHandle((FrameType)type, ref reader, out var e))
                return false;
            switch (e.Kind)
            {
                case CircuitEventKind.Opened when at == B:
                    OpenedAtB.Add(e.Circuit!);
                    break;
                case CircuitEventKind.Received:
                    if (!Received.TryGetValue(e.Circuit!.Id, out var bytes))
                        Received[e.Circuit.Id] = bytes = [];
                    bytes.AddRange(e.Data);
                    Order.Add((e.Circuit.Id, e.Data.Length));
                    break;
                case CircuitEventKind.Ended:
                    Ended.Add((e.Circuit!.Id, e.Code));
                    break;
            }
        }

        return true;
    }
}
