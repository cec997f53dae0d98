using System.Globalization;
using Crust.Discovery.Routing;

namespace Crust.Tests.Simulation.Routing;

/// <summary>What became of look-ups.</summary>
internal sealed class RoutingOutcome
{
    private readonly List<int> _hops = [];
    private readonly List<int> _requests = [];

    /// <summary>Look-ups whose asker and target were there all the time.</summary>
    internal int Made { get; private set; }

    internal int Succeeded { get; private set; }

    internal double Rate => Succeeded / (double)Math.Max(1, Made);

    internal int MostHops => _hops.DefaultIfEmpty().Max();

    /// <summary>Looks a target up as a node does: what its own table says, if that leads there; else it asks, and goes on if the record found leads nowhere.</summary>
    internal void Look(RoutingWorld world, RoutingPeer asker, RoutingPeer target)
    {
        var life = target.Life;
        if (asker.Table.Find(target.Id) is { } known && world.Leads(known))
        {
            (Made, Succeeded) = (Made + 1, Succeeded + 1);
            _hops.Add(0);
            return;
        }

        world.LookUp(asker, target.Known.Position, target.Id, lookup =>
        {
            if (target.Life != life || !target.IsUp)
                return;
            Made++;
            _requests.Add(lookup.Requests);
            if (lookup.Found is not { } found || !world.Leads(found))
                return;
            Succeeded++;
            _hops.Add(lookup.Hops);
        });
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Succeeded} of {Made} look-ups ({Rate:P3}); hops at most {MostHops}, {_hops.DefaultIfEmpty().Average():0.00} on average; {_requests.DefaultIfEmpty().Average():0.0} requests on average, {_requests.DefaultIfEmpty().Max()} at most");
}
