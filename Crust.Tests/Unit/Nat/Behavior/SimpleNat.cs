using Crust.Nat.Behavior;
using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Tests.Unit.Nat.Behavior;

/// <summary>A NAT by the book (RFC 4787), which answers probes as servers behind it would: what <see cref="NatDiscovery"/> is held to.</summary>
internal sealed class SimpleNat(MappingBehavior mapping, FilteringBehavior filtering, PortAllocation ports, bool hairpin = false, int seed = 1)
{
    internal static readonly TransportAddress Outside = TransportAddress.FromIPv4(0xCB007107, 0), Inside = TransportAddress.FromIPv4(0xC0A80105, 0);

    private readonly Dictionary<(int Socket, TransportAddress To), ushort> _mappings = [];
    private readonly HashSet<(ushort External, TransportAddress To)> _sent = [];
    private readonly Random _random = new(seed);
    private ushort _counter = 20_000;

    /// <summary>Answers that are lost: the how manieth.</summary>
    internal HashSet<int> Lost { get; } = [];

    /// <summary>End points that never answer.</summary>
    internal HashSet<TransportAddress> Dead { get; } = [];

    /// <summary>What the counter goes on by, besides.</summary>
    internal int Step { get; init; } = 1;

    internal int Probes { get; private set; }

    internal NatProbeResult Answer(NatProbe probe)
    {
        Probes++;
        var local = (mapping == MappingBehavior.None ? Outside : Inside) with { Port = (ushort)(50_000 + (probe.Socket * 7)) };
        if (probe.Kind == NatProbeKind.Hairpin)
            return new NatProbeResult(hairpin ? NatProbeOutcome.Answered : NatProbeOutcome.Silence, local);
        var mapped = Map(probe.Socket, local, probe.Server);
        if (Dead.Contains(probe.Server) || Lost.Contains(Probes) || (probe.Kind == NatProbeKind.Filtering && !LetsIn(mapped.Port, probe.Source)))
            return new NatProbeResult(NatProbeOutcome.Silence, local);
        return new NatProbeResult(NatProbeOutcome.Answered, local, mapped);
    }

    private TransportAddress Map(int socket, TransportAddress local, TransportAddress to)
    {
        if (mapping == MappingBehavior.None)
        {
            _sent.Add((local.Port, to));
            return local;
        }

        var key = (socket, mapping switch
        {
            MappingBehavior.EndpointIndependent => default,
            MappingBehavior.AddressDependent => to with { Port = 0 },
            _ => to,
        });
        if (!_mappings.TryGetValue(key, out var port))
        {
            port = ports switch
            {
                PortAllocation.Preserved => local.Port,
                PortAllocation.Sequential => _counter = (ushort)(_counter + Step),
                _ => (ushort)_random.Next(1024, 65536),
            };
            _mappings[key] = port;
        }

        _sent.Add((port, to));
        return Outside with { Port = port };
    }

    private bool LetsIn(ushort external, TransportAddress from) => filtering switch
    {
        FilteringBehavior.None or FilteringBehavior.EndpointIndependent => true,
        FilteringBehavior.AddressDependent => _sent.Any(s => s.External == external && s.To.Address == from.Address),
        _ => _sent.Contains((external, from)),
    };
}
