using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>A µTP connection in a story: what each end wants to write, and what may become of it.</summary>
internal sealed class Conversation
{
    /// <summary>Opening bytes: the dialler speaks first, or nobody accepts.</summary>
    private const int MaxLength = 600 << 10;

    internal Conversation(World world, int number, UtpHost dialler, UtpHost acceptor, ushort connectionId)
    {
        var random = world.Random;
        (Number, ConnectionId) = (number, connectionId);
        Dialler = new ConversationEnd(world, this, dialler, isDialler: true, 1 + DrawLength(random.Next(3)));
        Acceptor = new ConversationEnd(world, this, acceptor, isDialler: false, DrawLength(random.Next(4)));
        if (random.Chance(0.1))
            (random.Chance(0.5) ? Dialler : Acceptor).AbortsAt = random.Next(MaxLength / 2);

        long DrawLength(int kind) => kind switch { 0 => random.Next(20), 1 => random.Next(5000), 2 => random.Next(MaxLength), _ => 0 };
    }

    internal int Number { get; }

    /// <summary>That of the SYN.</summary>
    internal ushort ConnectionId { get; }

    internal ConversationEnd Dialler { get; }

    internal ConversationEnd Acceptor { get; }

    /// <summary>It need not end well: an end aborts, or something happened that no connection outlives.</summary>
    internal bool MayFail { get; set; }

    /// <summary>Where ways are cut and datagrams lost: opening it may take longer than it has, and closing it too.</summary>
    internal bool MayTimeOut { get; init; }

    internal bool IsOver => Dialler.IsOver && (Acceptor.IsOver || Acceptor.Connection is null);

    internal void Start()
    {
        Dialler.Open(Dialler.Host.Connect(Acceptor.Host.Address, ConnectionId, Dialler));
    }

    internal ConversationEnd Other(ConversationEnd end) => end == Dialler ? Acceptor : Dialler;

    /// <summary>After the end of the story: everything arrived, unless it did not have to.</summary>
    internal void RequireGoodEnd()
    {
        if (MayFail || (MayTimeOut && Dialler.Connection?.EndReason == UtpEndReason.ConnectTimedOut && Acceptor.Connection is null))
            return;
        foreach (var end in new[] { Dialler, Acceptor })
        {
            // The last acknowledgements may be lost for longer than the other lingers: then one end does not know that everything arrived.
            var isGood = end.Connection?.EndReason == UtpEndReason.Finished || (MayTimeOut && Other(end).Connection?.EndReason == UtpEndReason.Finished);
            if (!isGood || end.Received != Other(end).Length)
                throw new SimulationException($"{end}: ended by {end.Connection?.EndReason.ToString() ?? "never being there"} with {end.Received} of {Other(end).Length} bytes, and nothing had happened to it");
        }
    }
}
