using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>A NAT or firewall between a site and hosts, with all that RFC 4787 says of them; NATs stand behind NATs.</summary>
internal sealed class SimulatedNat : INatSite
{
    private const int FirstPort = 1024, PortCount = 65_536 - FirstPort;

    /// <summary>How long Linux remembers a datagram that nobody answered.</summary>
    private static readonly TimeSpan UnaskedLife = TimeSpan.FromSeconds(30);

    private readonly World _world;
    private readonly INatSite _outside;
    private readonly NatKind _kind;
    private readonly NatOptions _options;
    private readonly Dictionary<Bits128, Arrival> _inside = [];
    private readonly Dictionary<(TransportAddress Inside, TransportAddress Destination), NatMapping> _mappings = [];
    private readonly Dictionary<TransportAddress, List<NatMapping>> _external = [];
    private readonly Dictionary<(TransportAddress From, TransportAddress To), Instant> _unasked = [];
    private int _counter;

    internal SimulatedNat(World world, INatSite outside, Bits128 address, NatKind kind, NatOptions options)
    {
        (_world, _outside, Address, _kind, _options) = (world, outside, address, kind, options);
        _counter = world.Random.Next(PortCount);
        if (kind != NatKind.Firewall)
            outside.Attach(address, Arrived);
    }

    internal Bits128 Address { get; }

    /// <summary>Datagrams from outside that were not let in.</summary>
    internal long Refused { get; private set; }

    /// <summary>Mappings there are.</summary>
    internal int MappingCount => _mappings.Count;

    /// <inheritdoc/>
    public void Attach(Bits128 address, Arrival arrived)
    {
        _inside.Add(address, arrived);
        if (_kind == NatKind.Firewall)
            _outside.Attach(address, Arrived);
    }

    /// <summary>All mappings are gone, as after a restart of the router.</summary>
    internal void Forget()
    {
        _mappings.Clear();
        _external.Clear();
    }

    /// <inheritdoc/>
    public void Send(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes, int hops)
    {
        if (_inside.TryGetValue(to.Address, out var neighbour))
        {
            var copy = bytes.ToArray();
            _world.After(TimeSpan.FromMicroseconds(100), () => neighbour(from, to, copy));
            return;
        }

        if (hops <= 1)
            return;
        var mapping = Map(from, to);
        mapping.LastOut = _world.Now;
        mapping.SentTo.Add(to);
        if (to.Address == Address)
        {
            if (!_options.Hairpins)
                return;
            var copy = bytes.ToArray();
            _world.After(TimeSpan.FromMicroseconds(100), () => Arrived(mapping.External, to, copy));
            return;
        }

        _outside.Send(mapping.External, to, bytes, hops - 1);
    }

    private void Arrived(TransportAddress from, TransportAddress to, ReadOnlySpan<byte> bytes)
    {
        if (_external.TryGetValue(to, out var candidates))
        {
            candidates.RemoveAll(IsDead);
            foreach (var mapping in candidates)
            {
                if (!LetsIn(mapping, from))
                    continue;
                _inside[mapping.Inside.Address](from, mapping.Inside, bytes);
                return;
            }
        }

        Refused++;
        if (_options.ResetsUnasked && bytes.Length == 1 && bytes[0] == (byte)Segment.Syn)
            _outside.Send(to, from, [(byte)Segment.Reset], SimulatedHost.UsualHops);
        if (_options.TakesUnasked)
            _unasked[(from, to)] = _world.Now + UnaskedLife;
    }

    private bool LetsIn(NatMapping mapping, TransportAddress from) => _kind switch
    {
        NatKind.FullCone => true,
        NatKind.AddressRestricted => mapping.SentTo.Any(to => to.Address == from.Address),
        _ => mapping.SentTo.Contains(from),
    };

    private NatMapping Map(TransportAddress inside, TransportAddress to)
    {
        var dependsOnDestination = _kind is NatKind.Linux or NatKind.Symmetric or NatKind.SymmetricSequential;
        var key = (inside, dependsOnDestination ? to : default);
        if (_mappings.TryGetValue(key, out var known) && !IsDead(known))
            return known;
        var mapping = new NatMapping(inside, _kind == NatKind.Firewall ? inside : Allocate(inside, to), dependsOnDestination ? to : null);
        _mappings[key] = mapping;
        if (!_external.TryGetValue(mapping.External, out var sharing))
            _external[mapping.External] = sharing = [];
        sharing.Add(mapping);
        return mapping;
    }

    private TransportAddress Allocate(TransportAddress inside, TransportAddress to)
    {
        if (_kind == NatKind.Linux && IsFree(new TransportAddress(Address, inside.Port), to))
            return new TransportAddress(Address, inside.Port);
        while (true)
        {
            if (_kind == NatKind.SymmetricSequential)
                _counter = (_counter + _options.Delta + PortCount) % PortCount;
            var offset = _kind == NatKind.SymmetricSequential ? _counter : _world.Random.Next(PortCount);
            var external = new TransportAddress(Address, (ushort)(FirstPort + offset));
            if (IsFree(external, to))
                return external;
        }
    }

    private bool IsFree(TransportAddress external, TransportAddress to)
    {
        if (_unasked.TryGetValue((to, external), out var until) && until > _world.Now)
            return false;
        if (!_external.TryGetValue(external, out var sharing))
            return true;
        sharing.RemoveAll(IsDead);
        return sharing.TrueForAll(m => _kind == NatKind.Linux && m.Destination != to);
    }

    private bool IsDead(NatMapping mapping) => _world.Now - mapping.LastOut > _options.MappingLife;
}
