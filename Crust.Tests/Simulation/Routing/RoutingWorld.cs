using System.Net;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Routing;

/// <summary>
/// Nodes that look each other up, on a virtual clock: the product's tables and look-ups over a network that delays and loses. Without any gateway: a node begins with what it had on disk, or with a few
/// nodes that it is told of. Everyone can be dialled; an address that changed leads nowhere until a newer record is known.
/// </summary>
internal sealed class RoutingWorld
{
    internal static readonly DateTimeOffset Noon = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_000);

    /// <summary>How long a dial takes that leads nowhere.</summary>
    private static readonly TimeSpan DialPatience = TimeSpan.FromSeconds(3);

    private readonly PriorityQueue<Action, (long At, long Number)> _queue = new();
    private readonly Dictionary<PeerId, RoutingPeer> _byId = [];
    private readonly DeterministicRandom _random;
    private readonly double _loss;
    private long _number;

    internal RoutingWorld(ulong seed, double loss) => (_random, _loss) = (new DeterministicRandom(seed), loss);

    internal List<RoutingPeer> Peers { get; } = [];

    internal Instant Now { get; private set; } = new(1_000_000);

    internal DeterministicRandom Random => _random;

    /// <summary>Requests that were made so far.</summary>
    internal long Requests { get; private set; }

    private DateTimeOffset UnixNow => Noon + (Now - new Instant(1_000_000));

    /// <summary>Adds a node with a drawn id, or with the one given.</summary>
    internal RoutingPeer Add(IPAddress address, bool isHostile = false, PeerId? id = null)
    {
        var peer = new RoutingPeer(id ?? DrawId(), address, isHostile, new DeterministicRandom(_random.NextUInt64()));
        Peers.Add(peer);
        _byId[peer.Id] = peer;
        return peer;
    }

    /// <summary>An id that nobody has.</summary>
    internal PeerId DrawId()
    {
        Span<byte> bytes = stackalloc byte[PeerId.ByteLength];
        _random.Fill(bytes);
        return PeerId.FromTrustedBytes(bytes);
    }

    /// <summary>An address of one of so many /24s.</summary>
    internal IPAddress DrawAddress(int prefixes) => new([(byte)(20 + (_random.Next(prefixes) >> 8)), 7, (byte)_random.Next(Math.Min(prefixes, 256)), (byte)_random.Next(1, 255)]);

    internal void At(TimeSpan delay, Action action) => _queue.Enqueue(action, ((Now + delay).Microseconds, _number++));

    /// <summary>Lets so much time pass.</summary>
    internal void Run(TimeSpan time)
    {
        var end = Now + time;
        while (_queue.TryPeek(out var action, out var when) && when.At <= end.Microseconds)
        {
            _queue.Dequeue();
            Now = new Instant(when.At);
            action();
        }

        Now = end;
    }

    /// <summary>What a node does for itself while it runs: looks itself up, refreshes its buckets, checks who was silent for long.</summary>
    internal void Live(RoutingPeer peer)
    {
        peer.Since = Now;
        var life = ++peer.Life;
        LookUp(peer, peer.Known.Position, null, static _ => { });
        Tick();

        void Tick()
        {
            if (!peer.IsUp || peer.Life != life)
                return;
            if (peer.Table.PollRefresh(Now, out var target))
                LookUp(peer, target, null, static _ => { });
            if (peer.Table.PollCheck(Now, out var old))
                Ask(peer, old, old.Position, (_, _) => { }, () => { });
            At(TimeSpan.FromSeconds(10), Tick);
        }
    }

    /// <summary>
    /// Looks a place up, from a node; tells how it ended. Not, if the node leaves meanwhile. As a node does, it dials the record that was found, and goes on if that leads nowhere.
    /// </summary>
    internal void LookUp(RoutingPeer peer, Position target, PeerId? wanted, Action<Lookup> ended)
    {
        var life = peer.Life;
        var lookup = new Lookup(target, wanted, peer.Id, peer.Table.Closest(target, RoutingLimits.BucketSize, UnixNow, forOthers: false), Now);
        peer.Table.NoteLookup(target, Now);
        var (isTold, isDialling) = (false, false);
        ulong? dialled = null;
        Pump();

        void Pump()
        {
            if (isTold || isDialling || peer.Life != life || !peer.IsUp)
                return;
            while (lookup.PollRequest(Now, out var next))
                Ask(peer, next, target, (from, told) => Answered(from, told), () => Failed(next.Id));
            if (lookup is { IsOver: true, Found: { } found } && !Leads(found) && found.Record.Sequence != dialled)
            {
                (dialled, isDialling) = (found.Record.Sequence, true);
                At(DialPatience, () =>
                {
                    isDialling = false;
                    lookup.GoOn(Now);
                    Pump();
                });
            }
            else if (lookup.IsOver)
            {
                isTold = true;
                ended(lookup);
            }
            else
            {
                At(lookup.PollTimeout()!.Value - Now, Pump);
            }
        }

        void Answered(PeerId from, List<KnownPeer> told)
        {
            lookup.HandleAnswer(from, told, Now);
            foreach (var known in told)
                peer.Table.Add(known, UnixNow);
            Pump();
        }

        void Failed(PeerId from)
        {
            lookup.HandleFailure(from, Now);
            Pump();
        }
    }

    /// <summary>Whether a record still leads to its peer.</summary>
    internal bool Leads(KnownPeer record) => _byId[record.Id] is { IsUp: true } peer && peer.Address.Equals(record.Record.Addresses[0].EndPoint.Address);

    private void Ask(RoutingPeer asker, KnownPeer to, Position target, Action<PeerId, List<KnownPeer>> answered, Action failed)
    {
        Requests++;
        var life = asker.Life;
        var (there, back) = (Delay(), Delay());
        if (_random.Chance(_loss) || !_byId.TryGetValue(to.Id, out var asked))
        {
            Fail(RoutingLimits.RequestTimeout);
            return;
        }

        At(there, () =>
        {
            if (!Leads(to))
            {
                Fail(RoutingLimits.RequestTimeout);
                return;
            }

            // A session begins with both sides' records.
            asked.Table.Meet(asker.Known, asker.Address, Now, UnixNow);
            var told = Answer(asked, asker, target);
            if (_random.Chance(_loss))
            {
                Fail(RoutingLimits.RequestTimeout);
                return;
            }

            At(back, () =>
            {
                if (!asker.IsUp || asker.Life != life)
                    return;
                asker.Table.Meet(asked.Known, asked.Address, Now, UnixNow);
                answered(asked.Id, told);
            });
        });

        void Fail(TimeSpan after) => At(after, () =>
        {
            if (!asker.IsUp || asker.Life != life)
                return;
            asker.Table.NoteFailure(to.Id);
            failed();
        });
    }

    private List<KnownPeer> Answer(RoutingPeer asked, RoutingPeer asker, Position target)
    {
        if (!asked.IsHostile)
            return [.. asked.Table.Closest(target, RoutingLimits.BucketSize + 1, UnixNow, forOthers: true).Where(k => k.Id != asker.Id).Take(RoutingLimits.BucketSize)];
        // Whoever is wanted is not told of: only accomplices, the nearest first.
        return [.. Peers.Where(static p => p.IsHostile).Select(static p => p.Known).Order(Comparer<KnownPeer>.Create((left, right) => target.CompareDistance(left.Position, right.Position))).Take(RoutingLimits.BucketSize)];
    }

    private TimeSpan Delay() => TimeSpan.FromMilliseconds(_random.Next(10, 120));
}
