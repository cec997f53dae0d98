using Crust.Identity;
using Crust.Primitives;

namespace Crust.Gateway.Relay;

/// <summary>
/// Holds circuits to a rate by giving their senders credit no faster: nothing is dropped or cut off, and what is under way stays bounded. The peers that send
/// take turns, each with a share of at most <see cref="Share"/>, so that one who sends on many circuits, or as fast as it can, takes nothing of the others'. Pure;
/// one thread at a time.
/// </summary>
/// <param name="bytesPerSecond">Of all circuits together; 0 for no bound.</param>
/// <param name="peerBytesPerSecond">Of one peer that sends; 0 for no bound.</param>
/// <param name="now">The start.</param>
internal sealed class RelayPacer(long bytesPerSecond, long peerBytesPerSecond, Instant now)
{
    /// <summary>Bytes of one turn. Ours: a quarter of a circuit's first window.</summary>
    internal const int Share = 16 << 10;

    private readonly Dictionary<PeerId, PeerTurn> _peers = [];
    private readonly Queue<PeerTurn> _turns = new();
    private readonly ByteBucket? _total = bytesPerSecond > 0 ? new ByteBucket(bytesPerSecond, now) : null;

    /// <summary>True while somebody waits.</summary>
    internal bool IsBusy => _turns.Count > 0;

    /// <summary>Peers that are remembered: those that wait, or whose rate is not yet rested.</summary>
    internal int PeerCount => _peers.Count;

    /// <summary>A sender could go so far.</summary>
    internal void Want(PacedSender sender, long limit, Instant now)
    {
        sender.Wanted = Math.Max(sender.Wanted, limit);
        if (sender.IsWaiting || sender.Wanted <= sender.Given)
            return;
        sender.IsWaiting = true;
        if (!_peers.TryGetValue(sender.Peer, out var turn))
            _peers[sender.Peer] = turn = new PeerTurn(sender.Peer, peerBytesPerSecond > 0 ? new ByteBucket(peerBytesPerSecond, now) : null);
        if (turn.Senders.Count == 0)
            _turns.Enqueue(turn);
        turn.Senders.Enqueue(sender);
    }

    /// <summary>A sender is over: it wants nothing more.</summary>
    internal static void Forget(PacedSender sender) => sender.Wanted = 0;

    /// <summary>Gives the next share; false when nobody may have one now.</summary>
    /// <param name="now">Now.</param>
    /// <param name="sender">Who may go on, to its <see cref="PacedSender.Given"/>.</param>
    internal bool TryGive(Instant now, out PacedSender? sender)
    {
        sender = null;
        for (var left = _turns.Count; left > 0; left--)
        {
            if (_total is not null && !_total.HasAny(now))
                return false;
            var turn = _turns.Dequeue();
            if (turn.Rate is not null && !turn.Rate.HasAny(now))
            {
                _turns.Enqueue(turn);
                continue;
            }

            sender = turn.Senders.Dequeue();
            var share = Math.Min(sender.Wanted - sender.Given, Share);
            sender.IsWaiting = share == Share && sender.Wanted - sender.Given > Share;
            if (sender.IsWaiting)
                turn.Senders.Enqueue(sender);
            if (turn.Senders.Count > 0)
                _turns.Enqueue(turn);
            else if (turn.Rate is null)
                _peers.Remove(turn.Peer);
            if (share <= 0)
            {
                sender = null;
                continue;
            }

            _total?.Take(share);
            turn.Rate?.Take(share);
            sender.Given += share;
            return true;
        }

        return false;
    }

    /// <summary>Forgets the peers that have rested: a full bucket holds no information. To be called now and then.</summary>
    internal void Sweep(Instant now)
    {
        foreach (var (peer, turn) in _peers.ToList())
        {
            if (turn.Senders.Count == 0 && turn.Rate?.IsFull(now) != false)
                _peers.Remove(peer);
        }
    }

    private sealed class PeerTurn(PeerId peer, ByteBucket? rate)
    {
        internal PeerId Peer => peer;

        internal ByteBucket? Rate => rate;

        internal Queue<PacedSender> Senders { get; } = new();
    }
}
