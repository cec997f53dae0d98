using Crust.Nat.HolePunching;
using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;

namespace Crust.Tests.Simulation.Nat;

/// <summary>Two peers behind NATs that talk over a relay and want a direct way.</summary>
internal sealed class PunchStory
{
    /// <summary>Attempts as the upgrader makes them. Two more than the matrix needs.</summary>
    internal const int MaxAttempts = 3;

    private readonly World _world;
    private readonly TimeSpan _relayDelay;
    private readonly byte[] _secret = new byte[32];

    internal PunchStory(ulong seed, NatKind left, NatKind right, DatagramProfile? profile = null, NatOptions? options = null)
    {
        _world = new World(seed, isTraced: false);
        var random = _world.Random;
        var way = profile ?? new DatagramProfile { Delay = TimeSpan.FromMilliseconds(random.Next(1, 60)), Jitter = TimeSpan.FromMilliseconds(random.Next(0, 8)), Loss = LossModel.Bernoulli(0.01) };
        _relayDelay = way.Delay * 2 + TimeSpan.FromMilliseconds(1);
        Internet = new SimulatedInternet(_world, () => way);
        var servers = new[] { new StunServer(Internet, Public(1)), new StunServer(Internet, Public(2)) };
        TransportAddress[] asked = [.. servers[0].Addresses, servers[1].Addresses[0]];
        random.Fill(_secret);
        options ??= new NatOptions();
        var (lower, higher) = random.Chance(0.5) ? (1UL, 2UL) : (2UL, 1UL);
        Left = new PunchPeer(_world, HostBehind(left, 10, options), asked, lower);
        Right = new PunchPeer(_world, HostBehind(right, 20, options), asked, higher);
        Introduce(left, right);
    }

    /// <summary>Two hosts that are placed already.</summary>
    internal PunchStory(World world, SimulatedInternet internet, SimulatedHost left, SimulatedHost right, IReadOnlyList<TransportAddress> servers, TimeSpan relayDelay)
    {
        (_world, Internet, _relayDelay) = (world, internet, relayDelay);
        world.Random.Fill(_secret);
        Left = new PunchPeer(world, left, servers, 1);
        Right = new PunchPeer(world, right, servers, 2);
        Introduce(NatKind.PortRestricted, NatKind.PortRestricted);
    }

    internal World World => _world;

    internal SimulatedInternet Internet { get; }

    internal PunchPeer Left { get; }

    internal PunchPeer Right { get; }

    internal byte[] Secret => _secret;

    /// <summary>The NATs, by the number of their site.</summary>
    internal Dictionary<uint, SimulatedNat> Nats { get; } = [];

    internal static Bits128 Public(uint host) => TransportAddress.FromIPv4(0xCB007100 | host, 0).Address;

    internal static Bits128 Private(uint network, uint host) => TransportAddress.FromIPv4(0xC0A80000 | (network << 8) | host, 0).Address;

    /// <summary>Punches, again and again as the upgrader does, and tries the way in both directions.</summary>
    internal PunchOutcome Run()
    {
        var start = _world.Now;
        for (var attempt = 1; ; attempt++)
        {
            Punch(attempt);
            var took = _world.Now - start;
            if (Left.Nominated is not null && Right.Nominated is not null && Converses())
                return new PunchOutcome(true, attempt, took, PunchFailure.None, Left.Machine!.Sprayed + Right.Machine!.Sprayed);
            var why = Left.Failure ?? Right.Failure ?? PunchFailure.LinkFailed;
            if (attempt == MaxAttempts || why is PunchFailure.HardPair or PunchFailure.SprayNotAttested)
                return new PunchOutcome(false, attempt, took, why, Left.Machine!.Sprayed + Right.Machine!.Sprayed);
            _world.Run(_world.Now + TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>One attempt, until both ends know how it ended.</summary>
    internal void Punch(int attempt)
    {
        var id = new byte[16];
        _world.Random.Fill(id);
        var roundTrip = _relayDelay * 2;
        // The other side begins every other time: what one order spoils, the other may not.
        var (first, second) = attempt % 2 == 1 ? (Left, Right) : (Right, Left);
        first.Describe = (_, description) => _world.After(_relayDelay, () =>
        {
            second.Describe = (_, answer) => _world.After(_relayDelay, () => first.Hear(answer));
            second.Begin(isInitiator: false, id, _secret, attempt > 1, roundTrip);
            second.Hear(description);
        });
        first.Begin(isInitiator: true, id, _secret, attempt > 1, roundTrip);
        var end = _world.Now + TimeSpan.FromSeconds(40);
        while (_world.Now < end && !(IsDecided(first) && (IsDecided(second) || first.Failure is not null)))
            _world.Run(_world.Now + TimeSpan.FromMilliseconds(1));
        // One that is told of the other's failure gives up as well.
        if (first.Failure is not null && second.Machine is { } machine && second.Nominated is null && machine.Phase != PunchPhase.Failed)
            second.Cancel();
    }

    private bool Converses()
    {
        Left.Strays.Clear();
        Right.Strays.Clear();
        Left.SendOverPair("!left"u8);
        Right.SendOverPair("!right"u8);
        for (var i = 0; i < 5 && (Left.Strays.Count == 0 || Right.Strays.Count == 0); i++)
        {
            _world.Run(_world.Now + TimeSpan.FromMilliseconds(200));
            Left.SendOverPair("!left"u8);
            Right.SendOverPair("!right"u8);
        }

        return Left.Strays.Exists(s => s.Socket == Left.Nominated!.Value.Socket && s.From == Left.Nominated.Value.Remote)
            && Right.Strays.Exists(s => s.Socket == Right.Nominated!.Value.Socket && s.From == Right.Nominated.Value.Remote);
    }

    private static bool IsDecided(PunchPeer peer) => peer.Nominated is not null || peer.Failure is not null;

    private void Introduce(NatKind left, NatKind right)
    {
        (Left.Other, Right.Other) = (Right, Left);
        // What the discovery of NAT behaviour tells, which the gateway's alternate address allows.
        Left.FiltersPorts = FiltersPorts(left);
        Right.FiltersPorts = FiltersPorts(right);
    }

    private static bool FiltersPorts(NatKind kind) => kind is not (NatKind.None or NatKind.FullCone or NatKind.AddressRestricted);

    private SimulatedHost HostBehind(NatKind kind, uint number, NatOptions options)
    {
        if (kind == NatKind.None)
            return new SimulatedHost(Internet, Public(number));
        var nat = new SimulatedNat(_world, Internet, Public(number), kind, options);
        Nats[number] = nat;
        return new SimulatedHost(nat, kind == NatKind.Firewall ? Public(number) : Private(number, 2));
    }
}
