using System.Buffers.Binary;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// Somebody who knows the addresses of both ends and sees nothing of what they send: µTP packets of every type in their names, with guessed connection ids
/// and numbers, as fast as he is asked to.
/// </summary>
/// <param name="network">Where.</param>
/// <param name="victim">Whom it is sent to.</param>
/// <param name="names">In whose names.</param>
internal sealed class OffPathAttacker(DatagramNetwork network, UtpHost victim, IReadOnlyList<TransportAddress> names)
{
    private const int HeaderLength = 20;
    private const int MaxPayload = 60;
    private const byte Version = 1;

    /// <summary>BEP 29's types: DATA 0, FIN 1, STATE 2, RESET 3, SYN 4.</summary>
    private const int Types = 5;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    private readonly byte[] _packet = new byte[HeaderLength + MaxPayload];
    private ushort _sweep;

    internal long Sent { get; private set; }

    /// <summary>Connection ids that he goes through, from 0 on: all of them, or fewer, which makes him as good as somebody faster.</summary>
    internal int Ids { get; init; } = 1 << 16;

    /// <summary>Sees each guess before it arrives: in whose name, and its bytes.</summary>
    internal Action<TransportAddress, ReadOnlyMemory<byte>>? OnGuess { get; init; }

    /// <summary>Guesses for a while.</summary>
    internal void Attack(int perMillisecond, TimeSpan time)
    {
        for (var i = 0; i < perMillisecond; i++)
            Guess();
        if (time > Millisecond)
            network.World.After(Millisecond, () => Attack(perMillisecond, time - Millisecond));
    }

    private void Guess()
    {
        var random = network.World.Random;
        random.Fill(_packet.AsSpan(0, HeaderLength + 8));
        _packet[0] = (byte)((random.Next(Types) << 4) | Version);
        // Most without an extension: those are well-formed whatever follows.
        if (random.Chance(0.9))
            _packet[1] = 0;
        // He goes through all ids, and takes any number each time.
        BinaryPrimitives.WriteUInt16BigEndian(_packet.AsSpan(2), _sweep);
        _sweep = (ushort)((_sweep + 1) % Ids);
        Sent++;
        var name = names[random.Next(names.Count)];
        var length = random.Chance(0.6) ? HeaderLength : HeaderLength + random.Next(MaxPayload + 1);
        OnGuess?.Invoke(name, _packet.AsMemory(0, length));
        network.Inject(name, victim.Address, _packet.AsSpan(0, length));
    }
}
