using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>What goes wrong, at random times, until the network heals.</summary>
internal sealed class Faults(World world, Network network, Scenario scenario, Directory directory)
{
    private static readonly Dictionary<ScenarioKind, Fault[]> Choices = new()
    {
        [ScenarioKind.LinkChanges] = [Fault.NewLink, Fault.NewLink, Fault.NewLink, Fault.Reset, Fault.Reset, Fault.BothDial, Fault.HalfOpen, Fault.Stall],
        [ScenarioKind.Starved] = [Fault.NewLink, Fault.Reset, Fault.Reset, Fault.BothDial, Fault.Stall],
        [ScenarioKind.Mixed] = [.. Enum.GetValues<Fault>().Where(static f => f != Fault.RelayLoss)],
        [ScenarioKind.SilentLinks] = [Fault.Stall, Fault.Stall, Fault.Swallow, Fault.SwallowOneWay, Fault.HalfOpen, Fault.NewLink],
        [ScenarioKind.Tampering] = [Fault.Alter, Fault.Alter, Fault.Truncate, Fault.Reset, Fault.NewLink],
        [ScenarioKind.Restarts] = [Fault.Restart, Fault.BothDial, Fault.Reset, Fault.NewLink, Fault.Stall, Fault.Replay, Fault.Close],
        [ScenarioKind.Simultaneous] = [Fault.Close, Fault.BothDial, Fault.BothDial, Fault.Reset, Fault.HalfOpen],
        [ScenarioKind.Replays] = [Fault.Replay, Fault.Replay, Fault.Alter, Fault.Reset, Fault.NewLink, Fault.BothDial],
        [ScenarioKind.LongPartitions] = [Fault.Partition, Fault.Partition, Fault.LongPartition, Fault.Swallow, Fault.HalfOpen],
    };

    internal int Count { get; private set; }

    internal void Start()
    {
        if (scenario.FaultEvery is { } mean && world.Now + world.Around(mean) is var next && next < directory.HealsAt)
            world.At(next, Next);
    }

    private void Next()
    {
        if (directory.IsHealed)
            return;
        var fault = world.Pick(Choices[scenario.Kind]);
        // Where there are relays, one is lost now and then.
        if (network.Relays.Count > 0 && world.Random.Chance(0.15))
            fault = Fault.RelayLoss;
        var one = world.Pick(network.Nodes);
        var other = world.Pick([.. network.Nodes.Where(n => n != one)]);
        Count++;
        switch (fault)
        {
            case Fault.NewLink:
                Dial(one, other);
                break;
            case Fault.BothDial:
                Dial(one, other);
                Dial(other, one);
                break;
            case Fault.Partition or Fault.LongPartition:
                // Healing ends them.
                var time = fault == Fault.Partition ? world.UpTo(TimeSpan.FromSeconds(60)) : TimeSpan.FromSeconds(world.Random.Next(100, 180));
                world.Log($"{one.Name} and {other.Name} are parted for {time.TotalSeconds} s");
                network.Part(one, other, BeforeHealing(time));
                break;
            case Fault.Restart:
                one.Restart();
                directory.Converse(one);
                break;
            case Fault.RelayLoss:
                if (network.Relays.Count == 0)
                    break;
                world.Pick(network.Relays).Restart();
                foreach (var node in network.Nodes)
                {
                    foreach (var relay in network.Relays)
                        world.After(world.UpTo(TimeSpan.FromSeconds(3)), () => node.Connect(relay.Identity.Id, directory.HealsAt));
                }

                break;
            case Fault.Close:
                if (one.Peers.Find(other.Identity.Id) is { IsOpen: true } session)
                    session.Close();
                world.After(world.UpTo(TimeSpan.FromSeconds(5)), () => directory.Converse(one));
                break;
            case Fault.Replay:
                network.Replay();
                break;
            default:
                if (network.Living() is { Count: > 0 } links)
                    Hurt(fault, world.Pick(links).Link);
                break;
        }

        Start();
    }

    private Instant BeforeHealing(TimeSpan time) => world.Now + time < directory.HealsAt ? world.Now + time : directory.HealsAt;

    private static void Dial(SimulatedNode one, SimulatedNode other) => one.Dial(other.Identity.Id, one.DrawRank(), _ => { });

    private void Hurt(Fault fault, SimulatedLink link)
    {
        var random = world.Random;
        world.Log($"link {link.Number}: {fault}");
        switch (fault)
        {
            case Fault.Reset:
                link.Reset(random.Chance(0.5), world.UpTo(TimeSpan.FromSeconds(1)));
                break;
            case Fault.HalfOpen:
                link.Reset(random.Chance(0.5), random.Chance(0.5) ? null : world.UpTo(TimeSpan.FromSeconds(60)));
                break;
            case Fault.Stall:
                link.Stall(BeforeHealing(world.UpTo(TimeSpan.FromSeconds(40))));
                break;
            case Fault.Swallow:
                link.Swallow(fromDialler: true);
                link.Swallow(fromDialler: false);
                break;
            case Fault.SwallowOneWay:
                link.Swallow(fromDialler: random.Chance(0.5));
                break;
            case Fault.Alter:
                var fromDialler = random.Chance(0.5);
                if (!link.TryAlter(fromDialler))
                    link.TryAlter(!fromDialler);
                break;
            case Fault.Truncate:
                link.Truncate(fromDialler: random.Chance(0.5));
                break;
        }
    }
}
