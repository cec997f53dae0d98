using Crust.Identity;
using Crust.Nat.PortMapping;
using Crust.Nat.PortMapping.Driver;

namespace Crust.Gateway.Commands;

/// <summary>Tells what routers map and what gateways could dial, whenever that changes: events <c>port-mapping</c>, one for each router, and <c>reachability</c>, one for each address.</summary>
internal sealed class ReachabilityLines : IDisposable
{
    private readonly CrustNode _node;
    private readonly CommandOutput _output;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _told = [];

    internal ReachabilityLines(CrustNode node, CommandOutput output)
    {
        (_node, _output) = (node, output);
        node.Reaching.Changed += Tell;
        Tell();
    }

    public void Dispose() => _node.Reaching.Changed -= Tell;

    private void Tell()
    {
        lock (_lock)
        {
            foreach (var router in _node.Reaching.Routers.Where(r => r.State != MapperState.Searching))
            {
                var why = MappingWords.Describe(router);
                if (IsNews(router.Router.ToString(), why))
                {
                    _output.Event(
                        "port-mapping", $"Router {router.Router}: {why}.", ("router", router.Router.ToString()), ("state", StateOf(router.State)),
                        ("mappings", router.Mappings.Select(m => new { protocol = m.Port.Protocol == MappedProtocol.Tcp ? "tcp" : "udp", port = m.Port.InternalPort, external = m.External.ToString(), method = MappingWords.NameOf(m.Method) }).ToArray()),
                        ("why", why));
                }
            }

            foreach (var known in _node.Reachability.Where(a => a.State != Crust.ReachabilityState.Unknown))
            {
                var state = StateOf(known.State);
                if (IsNews($"{known.Address} {known.Address.IsMapped}", state))
                    _output.Event(
                        "reachability", $"{known.Address.Transport.ToName()} at {known.Address.EndPoint}{(known.Address.IsMapped ? ", mapped" : "")}: {state}: {known.Reason}.",
                        ("address", known.Address.ToString()), ("mapped", known.Address.IsMapped), ("state", state), ("why", known.Reason));
            }
        }
    }

    private bool IsNews(string subject, string what)
    {
        if (_told.GetValueOrDefault(subject) == what)
            return false;
        _told[subject] = what;
        return true;
    }

    private static string StateOf(MapperState state) => state switch { MapperState.Mapped => "mapped", MapperState.Refused => "refused", MapperState.NoRouter => "no-router", _ => "stopped" };

    private static string StateOf(Crust.ReachabilityState state) => state switch { Crust.ReachabilityState.Proven => "proven", Crust.ReachabilityState.UnprovenFiltering => "unproven-filtering", _ => "failed" };
}
