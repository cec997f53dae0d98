using Crust.Nat.HolePunching;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>
/// One end of TCP punches in the simulator: the product's <see cref="DialSchedule"/>, and of a host's TCP what opens connections: one port that listens and dials. A SYN that
/// meets one of ours is a simultaneous open; one that meets none is accepted.
/// </summary>
internal sealed class TcpPeer
{
    private readonly World _world;
    private readonly SimulatedHost _host;
    private readonly ushort _port;
    private readonly Dictionary<TransportAddress, int> _dialling = [];
    private readonly Dictionary<TransportAddress, int> _targets = [];
    private DialSchedule? _schedule;

    internal TcpPeer(World world, SimulatedHost host, bool refusesWhatItDoesNotExpect)
    {
        (_world, _host) = (world, host);
        _port = host.Bind((from, _, bytes) => Arrived(from, (Segment)bytes[0]), 5000);
        RefusesWhatItDoesNotExpect = refusesWhatItDoesNotExpect;
    }

    /// <summary>A host whose firewall answers a SYN to a port that nothing was sent from by RST.</summary>
    internal bool RefusesWhatItDoesNotExpect { get; }

    internal TransportAddress Local => new(_host.Address, _port);

    /// <summary>Remotes with which a connection stands.</summary>
    internal HashSet<TransportAddress> Connected { get; } = [];

    internal int Resets { get; private set; }

    internal int Tries => _schedule?.Tries ?? 0;

    internal void Dial(IReadOnlyList<TransportAddress> remotes)
    {
        _schedule = new DialSchedule(remotes, _world.Now);
        Step();
    }

    private void Step()
    {
        var schedule = _schedule!;
        if (Connected.Count > 0)
            return;
        while (schedule.PollDial(_world.Now, out var target, out var remote))
        {
            var (number, at) = (schedule.Tries, remote);
            _dialling[at] = number;
            _host.Send(_port, at, [(byte)Segment.Syn]);
            // The kernel repeats a SYN.
            foreach (var seconds in new[] { 1, 3 })
            {
                _world.After(TimeSpan.FromSeconds(seconds), () =>
                {
                    if (Connected.Count == 0 && _dialling.GetValueOrDefault(at) == number)
                        _host.Send(_port, at, [(byte)Segment.Syn]);
                });
            }

            _targets[at] = target;
        }

        if (schedule.PollTimeout(_world.Now) is { } due)
            _world.At(new Instant(Math.Max(due.Microseconds, _world.Now.Microseconds + 1)), Step);
    }

    private void Failed(TransportAddress remote, int target)
    {
        // A router forgets a connection that was reset.
        _dialling.Remove(remote);
        _schedule!.HandleFailed(target, _world.Now);
        Step();
    }

    private void Arrived(TransportAddress from, Segment segment)
    {
        switch (segment)
        {
            case Segment.Syn when Connected.Contains(from):
                _host.Send(_port, from, [(byte)Segment.SynAck]);
                break;
            case Segment.Syn when RefusesWhatItDoesNotExpect && !_dialling.ContainsKey(from):
                _host.Send(_port, from, [(byte)Segment.Reset]);
                break;
            case Segment.Syn:
                _host.Send(_port, from, [(byte)Segment.SynAck]);
                break;
            case Segment.SynAck:
                Connected.Add(from);
                _host.Send(_port, from, [(byte)Segment.Ack]);
                break;
            case Segment.Ack:
                Connected.Add(from);
                break;
            case Segment.Reset when _dialling.ContainsKey(from):
                Resets++;
                Failed(from, _targets[from]);
                break;
        }
    }
}
