using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Unit.Utp;

/// <summary>One endpoint of a <see cref="UtpPair"/>.</summary>
internal sealed class UtpSide(UtpPair pair, TransportAddress address, UtpOptions options, byte seed)
{
    private readonly DeterministicRandom _random = new(seed);

    internal UtpEndpoint Endpoint { get; } = new(options, Enumerable.Repeat(seed, 32).ToArray());

    internal TransportAddress Address => address;

    /// <summary>Connections that the other side began.</summary>
    internal List<UtpConnection> Accepted { get; } = [];

    /// <summary>What else is done about an event.</summary>
    internal Action<UtpEvent> Happened { get; set; } = _ => { };

    internal UtpConnection Connect() => Endpoint.Connect(
        address == UtpPair.LeftAddress ? UtpPair.RightAddress : UtpPair.LeftAddress, (ushort)_random.Next(65536), (ushort)_random.Next(65536), pair.Now);

    internal void Note(UtpEvent happened)
    {
        if (happened.Kind == UtpEventKind.Accepted)
            Accepted.Add(happened.Connection);
        Happened(happened);
    }
}
