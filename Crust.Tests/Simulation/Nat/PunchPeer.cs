using Crust.Nat.HolePunching;
using Crust.Primitives;
using Crust.Tests.Simulation.Datagrams;

namespace Crust.Tests.Simulation.Nat;

/// <summary>One end of punches in the simulator: the product's machine, unmodified, with a simulated host's sockets. What the driver does with tasks is done here by events.</summary>
internal sealed class PunchPeer
{
    private readonly World _world;
    private readonly HostClock _clock;
    private readonly List<ushort> _sockets = [];
    private readonly Action _tick;
    private readonly byte[] _buffer = new byte[PunchMachine.MaxTransmitLength];
    private bool _isFresh;

    internal PunchPeer(World world, SimulatedHost host, IReadOnlyList<TransportAddress> servers, ulong number)
    {
        (_world, Host, Servers, _tick) = (world, host, servers, Tick);
        _clock = new HostClock(world, TimeSpan.FromSeconds(world.Random.Next(1, 1 << 20)), world.Random.Next(-100, 100));
        Number = number;
        _sockets.Add(host.Bind((from, to, bytes) => Arrived(0, from, bytes)));
    }

    internal ulong Number { get; }

    internal SimulatedHost Host { get; }

    internal IReadOnlyList<TransportAddress> Servers { get; set; }

    internal PunchPeer Other { get; set; } = null!;

    internal PunchMachine? Machine { get; private set; }

    /// <summary>Sends our description to the other.</summary>
    internal Action<PunchPeer, PunchDescription>? Describe { get; set; }

    /// <summary>Whether many ports of an address may be probed.</summary>
    internal Func<TransportAddress, SprayVerdict> Spray { get; set; } = static _ => SprayVerdict.Granted;

    /// <summary>What the gateway's answers told before.</summary>
    internal bool FiltersPorts { get; set; } = true;

    internal Action<PunchEvent>? Happened { get; set; }

    /// <summary>The pair that was nominated.</summary>
    internal (int Socket, TransportAddress Remote)? Nominated { get; private set; }

    internal PunchFailure? Failure { get; private set; }

    /// <summary>Datagrams that this end's machine sent, and the shortest time between two of them that were checks of full reach.</summary>
    internal int Sent { get; private set; }

    internal IReadOnlyCollection<TransportAddress> SentTo => _sentTo;

    private readonly HashSet<TransportAddress> _sentTo = [];

    internal void Begin(bool isInitiator, byte[] attempt, byte[] secret, bool isFresh, TimeSpan roundTrip, IReadOnlyList<PunchCandidate>? own = null)
    {
        for (var i = 1; i < _sockets.Count; i++)
            Host.Close(_sockets[i]);
        _sockets.RemoveRange(1, _sockets.Count - 1);
        (Nominated, Failure, _isFresh) = (null, null, isFresh);
        var seed = new byte[32];
        _world.Random.Fill(seed);
        Machine = new PunchMachine(
            new PunchSetup
            {
                IsLower = Number < Other.Number,
                IsInitiator = isInitiator,
                AttemptId = attempt,
                Secret = secret,
                Seed = seed,
                Servers = Servers,
                Own = own ?? [new PunchCandidate(CandidateKind.Host, new TransportAddress(Host.Address, _sockets[0]))],
                RoundTrip = roundTrip,
                FiltersPorts = FiltersPorts,
                UsesFreshSocket = _isFresh,
            },
            _clock.Now);
        Pump();
    }

    internal void Hear(PunchDescription description)
    {
        Machine!.HandleDescription(description, _clock.Now);
        Pump();
    }

    internal void Cancel()
    {
        Machine!.Cancel(PunchFailure.Cancelled);
        Pump();
    }

    /// <summary>Sends bytes of its own over the nominated pair.</summary>
    internal void SendOverPair(ReadOnlySpan<byte> bytes) => Host.Send(_sockets[Nominated!.Value.Socket], Nominated.Value.Remote, bytes);

    /// <summary>What came that was not the machine's.</summary>
    internal List<(int Socket, TransportAddress From, byte[] Bytes)> Strays { get; } = [];

    /// <summary>Somebody's bytes come in at a socket as from an address.</summary>
    internal bool Inject(int socket, TransportAddress from, ReadOnlySpan<byte> bytes)
    {
        var taken = Machine!.Handle(bytes, socket, from, _clock.Now);
        Pump();
        return taken;
    }

    internal ushort PortOf(int socket) => _sockets[socket];

    private void Arrived(int socket, TransportAddress from, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0 || bytes[0] > 1 || Machine is null)
        {
            Strays.Add((socket, from, bytes.ToArray()));
            return;
        }

        Machine.Handle(bytes, socket, from, _clock.Now);
        Pump();
    }

    private void Tick()
    {
        if (Machine is null)
            return;
        Machine.HandleTimeout(_clock.Now);
        Pump();
    }

    private void Pump()
    {
        var machine = Machine!;
        bool any;
        do
        {
            any = false;
            while (machine.PollTransmit(_buffer, _clock.Now, out var transmit))
            {
                any = true;
                Sent++;
                if (transmit.Length > _buffer.Length)
                    throw new SimulationException("a datagram is too long");
                _sentTo.Add(transmit.Remote);
                Host.Send(_sockets[transmit.Socket], transmit.Remote, _buffer.AsSpan(0, transmit.Length), transmit.Hops);
            }

            while (machine.PollEvent(out var happened))
            {
                any = true;
                Take(happened);
            }
        }
        while (any);

        if (machine.PollTimeout() is { } due)
            _world.At(new Instant(Math.Max(_clock.ToWorld(due).Microseconds, _world.Now.Microseconds + 1)), _tick);
    }

    private void Take(in PunchEvent happened)
    {
        switch (happened.Kind)
        {
            case PunchEventKind.Describe:
                Describe?.Invoke(this, Machine!.Local!);
                break;
            case PunchEventKind.OpenSockets:
                var ports = new ushort[happened.Count];
                for (var i = 0; i < ports.Length; i++)
                {
                    var number = _sockets.Count;
                    ports[i] = Host.Bind((from, _, bytes) => Arrived(number, from, bytes));
                    _sockets.Add(ports[i]);
                }

                Machine!.HandleSockets(ports, _clock.Now);
                break;
            case PunchEventKind.SprayWanted:
                Machine!.HandleSprayVerdict(Spray(happened.Remote with { Port = 0 }), _clock.Now);
                break;
            case PunchEventKind.Nominated:
                Nominated = (happened.Socket, happened.Remote);
                break;
            case PunchEventKind.Failed:
                Failure = happened.Failure;
                break;
        }

        Happened?.Invoke(happened);
    }
}
