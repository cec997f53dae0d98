using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <content>Messages that come in, and the nomination.</content>
internal sealed partial class PunchMachine
{
    /// <summary>Answers that wait to be sent; more come only from somebody who floods us.</summary>
    private const int MaxResponses = 64;

    /// <summary>A better pair may be answered a little later than the first one.</summary>
    private static readonly TimeSpan NominationWaits = TimeSpan.FromMilliseconds(30);

    /// <summary>How long a nomination is repeated. Ours: six times.</summary>
    private static readonly TimeSpan NominationLasts = TimeSpan.FromSeconds(2);

    private readonly Queue<(int Socket, TransportAddress Remote, StunTransactionId Transaction)> _responses = new();
    private CandidatePair? _nominated;
    private Instant _nominateAt;
    private Instant? _firstAnswer;
    private Instant _nominationEnds;
    private int _nominations;

    /// <summary>Takes a STUN message that a socket received. False when it is not of this attempt: forged, replayed, or another's.</summary>
    internal bool Handle(ReadOnlySpan<byte> bytes, int socket, TransportAddress remote, Instant now) =>
        StunMessage.TryParse(bytes, out var message) && Handle(message, socket, remote, now);

    /// <inheritdoc cref="Handle(ReadOnlySpan{byte}, int, TransportAddress, Instant)"/>
    internal bool Handle(in StunMessage message, int socket, TransportAddress remote, Instant now)
    {
        if (Phase == PunchPhase.Failed)
            return false;
        if (message.Class == StunClass.Request)
            return TryHandleCheck(message, socket, remote, now);
        if (Phase == PunchPhase.Gathering && _gatherer.TryHandle(message, socket, remote, now))
        {
            if (_gatherer.IsOver(now))
                HandleGathered(now);
            return true;
        }

        return TryHandleAnswer(message, socket, remote, now);
    }

    private bool TryHandleCheck(in StunMessage message, int socket, TransportAddress remote, Instant now)
    {
        if (!_codec.IsCheck(message) || !_recent.TryNote(message.Transaction, remote))
            return false;
        Times.Heard ??= now;
        if (_responses.Count < MaxResponses)
            _responses.Enqueue((socket, remote, message.Transaction));
        if (Phase is PunchPhase.Done)
            return true;
        if (_list.FindOrAdd(socket, remote, now) is not { } pair)
            return true;
        // The remote's checks are under way: it will let ours in, so they need not wait (RFC 8445 §7.3.1.4).
        if (Phase == PunchPhase.Checking)
        {
            _list.Begin(now);
            _checkAt = _checkAt > now + CheckSpacing ? now : _checkAt;
        }

        if (pair is { State: PairState.InProgress, Sent: < 2 } || pair.Kind == CandidateKind.PeerReflexive)
            pair.Due = pair.Due > now ? now : pair.Due;
        if (!_setup.IsLower && message.Has(StunAttribute.UseCandidate))
            Finish(pair, now);
        return true;
    }

    private bool TryHandleAnswer(in StunMessage message, int socket, TransportAddress remote, Instant now)
    {
        var transaction = message.Transaction;
        var isNomination = transaction == _transactions.Of(socket, remote, TransactionUse.Nominate);
        if ((!isNomination && transaction != _transactions.Of(socket, remote, TransactionUse.Check)) || !_codec.IsAnswer(message))
            return false;
        Times.Heard ??= now;
        if (Phase is PunchPhase.Done)
            return true;
        if (isNomination)
        {
            if (_nominated is { } chosen && chosen.Socket == socket && chosen.Remote == remote)
                Finish(chosen, now);
            return true;
        }

        // Probes of a spray have no pair before they are answered.
        if (_list.FindOrAdd(socket, remote, now) is { State: PairState.InProgress } pair)
            pair.State = PairState.Succeeded;
        if (_firstAnswer is null)
        {
            _firstAnswer = now;
            _nominateAt = now + NominationWaits;
            // Whatever else is slow, there is time to agree on this one.
            _deadline = _deadline > now + NominationLasts ? _deadline : now + NominationLasts;
        }

        TryNominate(now);
        return true;
    }

    /// <summary>As the lower id: chooses, once there is something to choose from and nothing better may come.</summary>
    private void TryNominate(Instant now)
    {
        if (!_setup.IsLower)
            return;
        if (_nominated is { } chosen)
        {
            if (now < _nominationEnds)
                return;
            chosen.State = PairState.Failed;
            _nominated = null;
        }

        if (_list.Best is not { } best || (now < _nominateAt && _list.MayImprove(best)))
            return;
        _nominated = best;
        _nominations = 0;
        _nominateAt = now;
        _nominationEnds = now + NominationLasts;
        _deadline = _deadline > _nominationEnds ? _deadline : _nominationEnds;
    }

    private void Finish(CandidatePair pair, Instant now)
    {
        Phase = PunchPhase.Done;
        Times.Nominated = now;
        _deadline = now + LingerTime;
        _events.Enqueue(new PunchEvent(PunchEventKind.Nominated, pair.Socket, pair.Remote));
    }
}
