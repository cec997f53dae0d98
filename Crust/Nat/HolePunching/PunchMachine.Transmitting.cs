using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <content>What is sent, and when.</content>
internal sealed partial class PunchMachine
{
    /// <summary>
    /// Routers that an opener passes. Ours: the second one stands behind a home's NAT and before the remote's, so that ours opens and theirs sees nothing.
    /// </summary>
    internal const int OpenerHops = 2;

    /// <summary>Between checks, probes included. DESIGN's: 200 a second.</summary>
    internal static readonly TimeSpan CheckSpacing = TimeSpan.FromMilliseconds(5);

    /// <summary>Between openers, which reach nobody.</summary>
    private static readonly TimeSpan OpenerSpacing = TimeSpan.FromMilliseconds(1);

    /// <summary>Between repeated nominations at first; it doubles.</summary>
    private static readonly TimeSpan NominationRepeat = TimeSpan.FromMilliseconds(60);

    private Instant _checkAt;
    private Instant _openAt;

    /// <summary>When there is something to send again; null when there is nothing.</summary>
    private Instant? NextSend
    {
        get
        {
            var next = Phase == PunchPhase.Opening ? _openAt : (Instant?)null;
            if (_mappings?.Deadline is { } mapping)
                next = Instant.Earlier(next, Later(mapping, _openAt));
            if (Phase == PunchPhase.Opening)
                return next;
            if (_nominated is not null)
                return Instant.Earlier(Instant.Earlier(next, _nominateAt), _nominationEnds);
            if (_firstAnswer is not null && _setup.IsLower && _list.Best is not null)
                next = Instant.Earlier(next, _nominateAt);
            if (_probes is { IsExhausted: false })
                next = Instant.Earlier(next, _checkAt);
            return _list.Deadline is { } due ? Instant.Earlier(next, Later(due, _checkAt)) : next;
        }
    }

    /// <summary>Writes the next datagram, at most <see cref="MaxTransmitLength"/> bytes; false when there is none now.</summary>
    internal bool PollTransmit(Span<byte> buffer, Instant now, out PunchTransmit transmit)
    {
        transmit = default;
        if (_responses.TryDequeue(out var response))
        {
            transmit = new PunchTransmit(response.Socket, response.Remote, _codec.WriteResponse(buffer, response.Transaction, response.Remote), Hops: 0, Transaction: null);
            return true;
        }

        return Phase switch
        {
            PunchPhase.Gathering => _socketsWanted == 0 && _gatherer.PollTransmit(buffer, now, out transmit),
            PunchPhase.Opening => TryOpen(buffer, now, out transmit),
            PunchPhase.Checking or PunchPhase.Offered => TryOpenMapping(buffer, now, out transmit) || TryCheck(buffer, now, out transmit),
            _ => false,
        };
    }

    /// <summary>As the answering side, before the answer: one datagram for each pair that opens our NAT and does not arrive.</summary>
    private bool TryOpen(Span<byte> buffer, Instant now, out PunchTransmit transmit)
    {
        transmit = default;
        if (now < _openAt)
            return false;
        // Pairs that came meanwhile need no opening.
        var pair = _list.Pairs[_openers++];
        transmit = Check(buffer, pair.Socket, pair.Remote, pair.Priority, OpenerHops);
        _openAt = now + OpenerSpacing;
        if (_openers == _list.Pairs.Count)
            Opened();
        return true;
    }

    private bool TryOpenMapping(Span<byte> buffer, Instant now, out PunchTransmit transmit)
    {
        transmit = default;
        if (_mappings is not { } mappings || now < _openAt || _firstAnswer is not null || !mappings.TryNext(now, out var socket, out var isShort))
            return false;
        Sprayed++;
        transmit = Check(buffer, socket, mappings.Remote, 0, isShort ? OpenerHops : 0);
        // Those that reach the remote keep the distance of checks.
        _openAt = now + (isShort ? OpenerSpacing : CheckSpacing);
        return true;
    }

    private bool TryCheck(Span<byte> buffer, Instant now, out PunchTransmit transmit)
    {
        transmit = default;
        TryNominate(now);
        if (_nominated is { } chosen)
        {
            if (now < _nominateAt)
                return false;
            _nominateAt = now + NominationRepeat * (1 << Math.Min(_nominations++, 4));
            var transaction = _transactions.Of(chosen.Socket, chosen.Remote, TransactionUse.Nominate);
            transmit = new PunchTransmit(chosen.Socket, chosen.Remote, _codec.WriteRequest(buffer, transaction, chosen.Priority, nominates: true), Hops: 0, transaction);
            return true;
        }

        if (now < _checkAt)
            return false;
        if (_list.Next(now) is { } pair)
        {
            CheckList.HandleSent(pair, now);
            transmit = Check(buffer, pair.Socket, pair.Remote, pair.Priority, hops: 0);
        }
        else if (_probes is { IsExhausted: false } probes && _firstAnswer is null)
        {
            Sprayed++;
            transmit = Check(buffer, probes.Socket, probes.Next(), 0, hops: 0);
        }
        else
        {
            return false;
        }

        _checkAt = now + CheckSpacing;
        return true;
    }

    private PunchTransmit Check(Span<byte> buffer, int socket, TransportAddress remote, uint priority, int hops)
    {
        var transaction = _transactions.Of(socket, remote, TransactionUse.Check);
        return new PunchTransmit(socket, remote, _codec.WriteRequest(buffer, transaction, priority, nominates: false), hops, transaction);
    }

    private static Instant Later(Instant left, Instant right) => left > right ? left : right;
}
