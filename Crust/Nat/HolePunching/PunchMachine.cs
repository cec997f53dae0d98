using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// One attempt to open a direct way between two peers that talk already, over a gateway or otherwise (RFC 8445 and RFC 5128 in spirit). The initiator gathers and offers;
/// the other side gathers, opens its mappings towards the offer by datagrams that die on their way, and answers; now the initiator's checks come in, whatever filters.
/// Whichever pair is answered, the lower id nominates one, and dials from that socket. See the room's README for the order and why. Pure: sockets are numbers,
/// 0 being the node's own; randomness came with the setup. After each input drain <see cref="PollEvent"/> and <see cref="PollTransmit"/> and ask for the next
/// <see cref="PollTimeout"/>. One thread at a time.
/// </summary>
internal sealed partial class PunchMachine : IDisposable
{
    /// <summary>Longest datagram that it sends.</summary>
    internal const int MaxTransmitLength = 256;

    /// <summary>Ports that are predicted for a NAT that counts. Ours: some for hosts beside us, within the bound of candidates.</summary>
    private const int Predictions = 8;

    /// <summary>Longest silence after an offer, beside the round trip. Ours: the remote gathers meanwhile, twice at most.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(3);

    /// <summary>How long checks go on. Ours: seven of each pair, or three when there is little hope; with a spray until its probes are sent and a while longer.</summary>
    private static readonly TimeSpan CheckingLasts = TimeSpan.FromSeconds(4), BriefLasts = TimeSpan.FromSeconds(1.2), SprayLasts = TimeSpan.FromSeconds(13);

    /// <summary>How much later than a round trip the answering side begins with its own checks.</summary>
    private static readonly TimeSpan AnswererWaits = TimeSpan.FromMilliseconds(30);

    /// <summary>How long checks of the remote are answered after the end: its last confirmation may have been lost.</summary>
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(5);

    private readonly PunchSetup _setup;
    private readonly TransactionIds _transactions;
    private readonly CheckCodec _codec;
    private readonly CandidateGatherer _gatherer;
    private readonly CheckList _list = new();
    private readonly RecentChecks _recent = new();
    private readonly Queue<PunchEvent> _events = new();
    private readonly List<ushort> _ports = [0];
    private PunchDescription? _remote;
    private ProbeSpray? _probes;
    private MappingSpray? _mappings;
    private int _openers;
    private int _socketsWanted;
    private bool _isSprayWanted;
    private PunchFailure _sprayFailure;
    private Instant _deadline;

    internal PunchMachine(PunchSetup setup, Instant now)
    {
        _setup = setup;
        _transactions = new TransactionIds(setup.Seed);
        _codec = new CheckCodec(setup.Secret, setup.AttemptId, setup.IsLower);
        _gatherer = new CandidateGatherer(setup.Servers, _transactions);
        _checkAt = _openAt = _nominateAt = now;
        Times = new PunchTimes(now);
        if (setup.UsesFreshSocket)
            WantSockets(1);
        else
            _gatherer.Begin(0, now);
    }

    internal PunchPhase Phase { get; private set; }

    /// <summary>What we tell the remote; null until it is known.</summary>
    internal PunchDescription? Local { get; private set; }

    /// <summary>What the remote told; null before.</summary>
    internal PunchDescription? Remote => _remote;

    internal PunchStrategy Strategy { get; private set; }

    internal PunchFailure Failure { get; private set; }

    /// <summary>When what happened.</summary>
    internal PunchTimes Times { get; }

    /// <summary>Nothing more is to be expected of it.</summary>
    internal bool IsOver(Instant now) => Phase == PunchPhase.Failed || (Phase == PunchPhase.Done && now >= _deadline);

    /// <summary>Probes and openers of a spray that were sent.</summary>
    internal int Sprayed { get; private set; }

    /// <summary>The remote's description came: the answer to our offer, or the offer that we answer. A second one is ignored.</summary>
    internal void HandleDescription(PunchDescription remote, Instant now)
    {
        if (_remote is not null || Phase is PunchPhase.Done or PunchPhase.Failed)
            return;
        _remote = remote;
        if (Local is not null)
            Meet(now);
    }

    /// <summary>Sockets that were asked for are bound, with these ports; they have the next numbers. Fewer than were asked for, or none, when the host has no more.</summary>
    internal void HandleSockets(ReadOnlySpan<ushort> ports, Instant now)
    {
        var first = _ports.Count;
        _socketsWanted = 0;
        foreach (var port in ports)
            _ports.Add(port);
        if (Phase == PunchPhase.Gathering)
        {
            // Without one more, the node's own must do.
            if (ports.IsEmpty && _gatherer.Seen.Count > 0)
                HandleGathered(now);
            else
                _gatherer.Begin(ports.IsEmpty ? 0 : first, now);
        }
        else if (!ports.IsEmpty && SprayTarget() is { } target)
        {
            _mappings = new MappingSpray(target, first, ports.Length, now);
            _openAt = now;
        }
    }

    /// <summary>Whether the spray that was asked for may be. Asked once for an attempt.</summary>
    internal void HandleSprayVerdict(SprayVerdict verdict, Instant now)
    {
        if (!_isSprayWanted || Phase is PunchPhase.Done or PunchPhase.Failed || SprayTarget() is not { } target)
            return;
        _isSprayWanted = false;
        _sprayFailure = verdict switch
        {
            SprayVerdict.Granted => PunchFailure.None,
            SprayVerdict.NotAttested => PunchFailure.SprayNotAttested,
            _ => PunchFailure.SprayRefused,
        };
        if (verdict != SprayVerdict.Granted)
            _deadline = _deadline < now + BriefLasts + _setup.RoundTrip ? _deadline : now + BriefLasts + _setup.RoundTrip;
        else if (Strategy == PunchStrategy.OpenMany)
            WantSockets(MappingSpray.SocketCount);
        else
            _probes = new ProbeSpray(target.Address, _gatherer.Socket, BitConverter.ToUInt64(_setup.Seed.AsSpan(^sizeof(ulong))));
    }

    /// <summary>The remote gave up, or we do.</summary>
    internal void Cancel(PunchFailure why)
    {
        if (Phase is not (PunchPhase.Done or PunchPhase.Failed))
            Fail(why);
    }

    internal bool PollEvent(out PunchEvent happened) => _events.TryDequeue(out happened);

    /// <summary>When <see cref="HandleTimeout"/> is due; null once it is over.</summary>
    internal Instant? PollTimeout() => Phase switch
    {
        PunchPhase.Failed => null,
        PunchPhase.Done => _deadline,
        PunchPhase.Gathering => _socketsWanted > 0 ? null : _gatherer.Deadline,
        _ => Instant.Earlier(_deadline, NextSend),
    };

    /// <summary>Time passed.</summary>
    internal void HandleTimeout(Instant now)
    {
        switch (Phase)
        {
            case PunchPhase.Gathering when _socketsWanted == 0 && _gatherer.IsOver(now):
                HandleGathered(now);
                break;
            case PunchPhase.Offered when now >= _deadline:
                Fail(PunchFailure.NoAnswer);
                break;
            case PunchPhase.Checking:
                TryNominate(now);
                if (now >= _deadline)
                    Fail(Verdict());
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _codec.Dispose();

    private void HandleGathered(Instant now)
    {
        // What a NAT that changes ports gave the node's own socket is no help; what it gives a fresh one is its newest.
        if (_gatherer.Socket == 0 && _ports.Count == 1 && _gatherer.Seen.Ports is PortPredictability.Sequential or PortPredictability.Random)
        {
            WantSockets(1);
            return;
        }

        Times.Gathered = now;
        Local = Describe();
        if (_setup.IsInitiator)
        {
            Phase = PunchPhase.Offered;
            _deadline = now + AnswerPatience + _setup.RoundTrip;
            _events.Enqueue(new PunchEvent(PunchEventKind.Describe));
        }
        else if (_remote is not null)
        {
            Meet(now);
        }
    }

    private PunchDescription Describe()
    {
        var seen = _gatherer.Seen;
        var ports = seen.Ports;
        if (ports == PortPredictability.Unknown)
            ports = _setup.Ports;
        var candidates = new List<PunchCandidate>();
        candidates.AddRange(_setup.Own.Where(static c => c.Kind == CandidateKind.Mapped).Take(2));
        if (ports == PortPredictability.Sequential && seen is { Last: { } last } && seen.Delta != 0)
        {
            for (var i = 1; i <= Predictions; i++)
            {
                if (last.Port + i * seen.Delta is > 0 and <= ushort.MaxValue and var port)
                    candidates.Add(new PunchCandidate(CandidateKind.Predicted, last with { Port = (ushort)port }));
            }
        }
        else
        {
            candidates.AddRange(seen.Distinct.Reverse().Take(2).Select(static a => new PunchCandidate(CandidateKind.ServerReflexive, a)));
        }

        var hosts = _setup.Own.Where(static c => c.Kind == CandidateKind.Host)
            .Select(c => _gatherer.Socket == 0 ? c : c with { Address = c.Address with { Port = _ports[_gatherer.Socket] } })
            .OrderBy(static c => CheckTargets.ScopeOf(c.Address) == AddressScope.Public ? 0 : 1);
        return new PunchDescription(
            [.. candidates.Concat(hosts).DistinctBy(static c => c.Address).Take(PunchDescription.MaxCandidates)], ports, _setup.FiltersPorts);
    }

    /// <summary>Both descriptions are known.</summary>
    private void Meet(Instant now)
    {
        Strategy = PunchPlan.Choose(Local!, _remote!);
        var begins = _setup.IsInitiator ? now : now + _setup.RoundTrip + AnswererWaits;
        _list.Fill(_gatherer.Socket, Local!, _remote!, _setup.LoopbackAllowed, begins);
        _deadline = now + Strategy switch
        {
            PunchStrategy.Brief => BriefLasts,
            PunchStrategy.OpenMany or PunchStrategy.ProbeMany => SprayLasts,
            _ => CheckingLasts,
        } + _setup.RoundTrip;
        Times.Met = now;
        Phase = _setup.IsInitiator ? PunchPhase.Checking : PunchPhase.Opening;
        _openAt = now;
        // Probes that come before there is a mapping meet nothing.
        _checkAt = begins;
        if (Phase == PunchPhase.Opening && _list.Pairs.Count == 0)
            Opened();
        if (Strategy is PunchStrategy.OpenMany or PunchStrategy.ProbeMany && SprayTarget() is { } target)
        {
            _isSprayWanted = true;
            _events.Enqueue(new PunchEvent(PunchEventKind.SprayWanted, Remote: target));
        }
        else if (_list.Pairs.Count == 0)
        {
            Fail(PunchFailure.NoCandidates);
        }
    }

    /// <summary>Our mappings are open: the remote may send.</summary>
    private void Opened()
    {
        Phase = PunchPhase.Checking;
        _events.Enqueue(new PunchEvent(PunchEventKind.Describe));
    }

    /// <summary>Where servers see the remote.</summary>
    private TransportAddress? SprayTarget()
    {
        foreach (var candidate in _remote!.Candidates)
        {
            if (candidate.Kind == CandidateKind.ServerReflexive && CheckTargets.ScopeOf(candidate.Address) == AddressScope.Public)
                return candidate.Address;
        }

        return null;
    }

    private void WantSockets(int count)
    {
        _socketsWanted = count;
        _events.Enqueue(new PunchEvent(PunchEventKind.OpenSockets, Count: count));
    }

    private PunchFailure Verdict() =>
        _sprayFailure != PunchFailure.None ? _sprayFailure
        : Strategy is PunchStrategy.OpenMany or PunchStrategy.ProbeMany ? PunchFailure.SprayExhausted
        : Strategy == PunchStrategy.Brief ? PunchFailure.HardPair
        : _list.Pairs.Any(static p => p.State == PairState.Failed) ? PunchFailure.NominationFailed
        : PunchFailure.TimedOut;

    private void Fail(PunchFailure why)
    {
        Phase = PunchPhase.Failed;
        Failure = why;
        _responses.Clear();
        _events.Enqueue(new PunchEvent(PunchEventKind.Failed, Failure: why));
    }
}
