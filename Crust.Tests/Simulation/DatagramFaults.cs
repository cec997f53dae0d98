using Crust.Tests.Simulation.Datagrams;

namespace Crust.Tests.Simulation;

/// <summary>What goes wrong below the links, in stories that have datagrams: the weather changes, addresses change, somebody off the path guesses.</summary>
internal sealed class DatagramFaults(World world, UtpNetwork network, Scenario scenario, Directory directory)
{
    internal int Count { get; private set; }

    internal void Start()
    {
        if (scenario.FaultEvery is { } mean && world.Now + world.Around(mean * 4) is var next && next < directory.HealsAt)
            world.At(next, Next);
    }

    private void Next()
    {
        if (directory.IsHealed)
            return;
        Count++;
        var (node, host) = world.Pick(network.Hosts);
        switch (world.Random.Next(8))
        {
            case 0:
                world.Log($"{node.Name}'s address changes");
                network.Move(host);
                break;
            case < 4:
                world.Log($"somebody off the path attacks {node.Name}");
                Attack(host);
                break;
            default:
                world.Log($"the weather changes");
                foreach (var way in network.Ways.Where(_ => world.Random.Chance(0.5)))
                    way.Profile = Weather.Draw(world, scenario.IsSlow);
                break;
        }

        Start();
    }

    private void Attack(UtpHost host)
    {
        // Whoever guesses well may put bytes into any link of the story: the records find that out.
        network.MayInject = true;
        var names = network.Hosts.Where(h => h.Host != host).Select(h => h.Host.Address).ToArray();
        // ICMP that is forged well, as he knows addresses and ports.
        if (world.Random.Chance(0.5))
            host.BelieveUnreachable(world.Pick(names));
        if (world.Random.Chance(0.3))
            host.BelieveTooLong(Weather.DrawLength(world.Random, 560), world.Now + world.UpTo(TimeSpan.FromSeconds(5)));
        new OffPathAttacker(network.Datagrams, host, names).Attack(perMillisecond: world.Random.Next(1, 40), world.Between(TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(2)));
    }
}
