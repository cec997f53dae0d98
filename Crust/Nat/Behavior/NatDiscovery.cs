using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.Behavior;

/// <summary>
/// Finds out what stands between this node and the internet, for one protocol over one address family, as RFC 5780 §4 has it, with as many servers as there
/// are. It names probes, wave by wave, and is told what came of them; after the last wave there is a <see cref="Report"/>. Lost probes make it say less, never
/// something else. Pure; one thread at a time.
/// </summary>
internal sealed class NatDiscovery
{
    /// <summary>Servers asked at most. Ours.</summary>
    internal const int MaxServers = 4;

    /// <summary>External addresses told at most.</summary>
    internal const int MaxExternal = 8;

    /// <summary>New mappings that are made to see how ports are chosen.</summary>
    internal const int FreshSockets = 5;

    /// <summary>
    /// What is let in is tried at a socket of its own. Answers that came unasked would lie in some NATs' memories as connections of the router itself, and change the
    /// mapping of a later packet; and the node's own port may have been used towards the other address before.
    /// </summary>
    private const int FilteringSocket = FreshSockets + 1;

    /// <summary>
    /// Other gateways are asked from here: the node's own port sends to as few addresses as will do, since a dial to it proves something only from where it has not sent to.
    /// </summary>
    private const int ComparingSocket = FilteringSocket + 1;

    private const int OwnSocket = 0;

    private readonly List<NatServer> _servers;
    private readonly Dictionary<TransportAddress, TransportAddress> _mapped = [];
    private readonly Dictionary<TransportAddress, TransportAddress> _compared = [];
    private readonly List<PortObservation> _ports = [];
    private readonly List<TransportAddress> _external = [];
    private TransportAddress? _local;
    private TransportAddress? _firstFresh;
    private NatServer? _server;
    private NatProbeOutcome? _otherBoth, _otherPort, _hairpin;
    private bool _anySent;
    private int _wave;

    /// <param name="servers">Whom to ask, the most useful first; at most <see cref="MaxServers"/> are.</param>
    internal NatDiscovery(IEnumerable<NatServer> servers) => _servers = [.. servers.Take(MaxServers)];

    /// <summary>What to try next, once everything before has ended; null when there is nothing more.</summary>
    internal NatWave? Next()
    {
        while (_wave < 6)
        {
            IReadOnlyList<NatProbe> probes = _wave++ switch
            {
                0 => [.. _servers.Take(1).Select(static server => NatProbe.Ask(OwnSocket, server.Primary))],
                // Where its first port is blocked, or in use between us and the server (the session's own, by TCP), the second one may do, or somebody else.
                1 when _mapped.Count == 0 => [.. _servers.Take(1).Where(static server => server.OtherPort is not null).Select(static server => NatProbe.Ask(OwnSocket, server.OtherPort!.Value))],
                2 when _mapped.Count == 0 => [.. _servers.Skip(1).Select(static server => NatProbe.Ask(OwnSocket, server.Primary))],
                3 when Answering is { } server => [.. Enumerable.Range(1, FreshSockets).Select(socket => NatProbe.Ask(socket, server))],
                4 when Answering is { } server && _server!.OtherBoth is null && _servers.Count > 1 =>
                    [NatProbe.Ask(ComparingSocket, server), .. _servers.Where(s => !s.EndPoints.Contains(server)).Select(static s => NatProbe.Ask(ComparingSocket, s.Primary))],
                5 when _server is { } server => [.. Rest(server)],
                _ => [],
            };
            if (probes.Count > 0)
                return new NatWave(probes, InOrder: _wave == 4);
        }

        return null;
    }

    /// <summary>Takes what came of a probe.</summary>
    internal void Handle(NatProbe probe, in NatProbeResult result)
    {
        _anySent |= result.Outcome != NatProbeOutcome.NotSent;
        switch (probe.Kind)
        {
            case NatProbeKind.Mapping when result.Outcome == NatProbeOutcome.Answered && probe.Socket == OwnSocket:
                Learn(probe.Server, result);
                break;
            case NatProbeKind.Mapping when result.Outcome == NatProbeOutcome.Answered && probe.Socket == ComparingSocket:
                _compared[probe.Server] = result.Mapped;
                LearnOther(probe.Server, result.Other);
                break;
            case NatProbeKind.Mapping when result.Outcome == NatProbeOutcome.Answered:
                _firstFresh ??= result.Mapped;
                _ports.Add(new PortObservation(result.Local.Port, result.Mapped.Port));
                break;
            case NatProbeKind.Filtering when probe.Change == StunChange.Port:
                _otherPort = result.Outcome;
                break;
            case NatProbeKind.Filtering:
                _otherBoth = result.Outcome;
                break;
            case NatProbeKind.Hairpin:
                _hairpin = result.Outcome;
                break;
            default:
                break;
        }
    }

    /// <summary>What is known so far.</summary>
    internal NatProtocolReport Report()
    {
        if (_mapped.Count == 0)
        {
            return _anySent
                ? NatProtocolReport.Unknown with { Mapping = MappingBehavior.Blocked, Filtering = FilteringBehavior.Blocked }
                : NatProtocolReport.Unknown;
        }

        var mapping = Mapping();
        var (ports, delta) = mapping == MappingBehavior.None ? (PortAllocation.Preserved, null) : PortPattern.Judge(_ports);
        bool? hairpin = _hairpin is null or NatProbeOutcome.NotSent ? null : _hairpin == NatProbeOutcome.Answered;
        return new NatProtocolReport(mapping, Filtering(mapping), ports, delta, [.. _external.TakeLast(MaxExternal).Select(static e => e.ToIPEndPoint())], hairpin);
    }

    /// <summary>A server's end point that answered.</summary>
    private TransportAddress? Answering => _server is null ? null : _mapped.ContainsKey(_server.Primary) ? _server.Primary : _server.OtherPort;

    private void Learn(TransportAddress server, in NatProbeResult result)
    {
        _mapped[server] = result.Mapped;
        _local ??= result.Local;
        if (!_external.Contains(result.Mapped))
            _external.Add(result.Mapped);
        LearnOther(server, result.Other);
        // The first in the order given that answers, whichever is quickest; one with another address rather than one without.
        _server = _servers.Where(s => s.EndPoints.Any(_mapped.ContainsKey)).OrderBy(static s => s.OtherBoth is null).FirstOrDefault();
    }

    private void LearnOther(TransportAddress server, TransportAddress? other)
    {
        var index = _servers.FindIndex(s => s.Primary == server);
        if (index >= 0 && other is { } at)
            _servers[index] = _servers[index].With(at);
    }

    private IEnumerable<NatProbe> Rest(NatServer server)
    {
        foreach (var endPoint in server.EndPoints.Where(e => !_mapped.ContainsKey(e)))
            yield return NatProbe.Ask(OwnSocket, endPoint);
        // Whoever has another address, since the socket is a fresh one. From the second port everything is the other way round.
        var helper = server.OtherBoth is null && _servers.Find(s => s.OtherBoth is not null && _compared.ContainsKey(s.Primary)) is { } better ? better : server;
        var isSecond = helper == server && Answering == server.OtherPort;
        var asked = isSecond ? server.OtherPort!.Value : helper.Primary;
        if ((isSecond ? helper.OtherAddress : helper.OtherBoth) is { } both)
            yield return new NatProbe(NatProbeKind.Filtering, FilteringSocket, asked, both, StunChange.Address | StunChange.Port);
        if ((isSecond ? helper.Primary : helper.OtherPort) is { } port)
            yield return new NatProbe(NatProbeKind.Filtering, FilteringSocket, asked, port, StunChange.Port);
        if (_firstFresh is { } fresh && _mapped.Values.First() != _local)
            yield return new NatProbe(NatProbeKind.Hairpin, 1, _mapped.Values.First(), fresh);
    }

    private MappingBehavior Mapping()
    {
        var seen = _mapped.Values.Distinct().ToArray();
        if (seen.Length == 1 && seen[0] == _local)
            return MappingBehavior.None;
        // Between ports of one address, and between addresses, from this socket or from another one.
        var isAlikeElsewhere = _compared.Values.Distinct().Count() <= 1;
        if (_mapped.Count == 1 && _compared.Count < 2)
            return MappingBehavior.Unknown;
        if (seen.Length == 1 && isAlikeElsewhere)
            return MappingBehavior.EndpointIndependent;
        var byAddress = _mapped.GroupBy(static m => m.Key.Address).ToArray();
        if (byAddress.Any(static ports => ports.Select(static p => p.Value).Distinct().Count() > 1))
            return MappingBehavior.AddressAndPortDependent;
        // Without two ports of one address the worse is assumed.
        return byAddress.Any(static ports => ports.Count() > 1) ? MappingBehavior.AddressDependent : MappingBehavior.AddressAndPortDependent;
    }

    private FilteringBehavior Filtering(MappingBehavior mapping) => (_otherBoth, _otherPort) switch
    {
        (NatProbeOutcome.Answered, _) => mapping == MappingBehavior.None ? FilteringBehavior.None : FilteringBehavior.EndpointIndependent,
        // A server without another address: nothing less is open than that.
        (_, NatProbeOutcome.Answered) => FilteringBehavior.AddressDependent,
        (_, NatProbeOutcome.Silence) => FilteringBehavior.AddressAndPortDependent,
        _ => FilteringBehavior.Unknown,
    };
}
