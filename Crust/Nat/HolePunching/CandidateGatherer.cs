using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Nat.HolePunching;

/// <summary>
/// Asks STUN servers where they see our sockets (RFC 8489 §6.2.1): first the node's own; where the answers differ, a fresh one, so that the order of its mappings is
/// known and they are the NAT's newest. A part of <see cref="PunchMachine"/>, with its rules. Pure.
/// </summary>
internal sealed class CandidateGatherer
{
    /// <summary>Most servers that are asked. Ours: two ports of two gateways tell everything.</summary>
    internal const int MaxServers = 4;

    /// <summary>Between the requests for two mappings, so that they reach the NAT in order. The same bound as for checks.</summary>
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(5);

    /// <summary>When a request is first repeated; then after twice that, and so on. Ours: shorter than RFC 8489's 500 ms, since a person waits.</summary>
    private static readonly TimeSpan FirstRepeat = TimeSpan.FromMilliseconds(100);

    /// <summary>How long servers that say nothing are waited for, without any answer, and once another has answered.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(800), PatienceWithAnswer = TimeSpan.FromMilliseconds(250);

    private readonly IReadOnlyList<TransportAddress> _servers;
    private readonly TransactionIds _transactions;
    private readonly int[] _sent;
    private readonly Instant[] _due;
    private Instant _start;
    private Instant? _firstAnswer;

    /// <param name="servers">Whom to ask, in this order.</param>
    /// <param name="transactions">Where transaction ids come from.</param>
    internal CandidateGatherer(IReadOnlyList<TransportAddress> servers, TransactionIds transactions)
    {
        _servers = [.. servers.Take(MaxServers)];
        _transactions = transactions;
        _sent = new int[_servers.Count];
        _due = new Instant[_servers.Count];
        Seen = new PortObservations(_servers.Count);
    }

    /// <summary>The socket that is asked for.</summary>
    internal int Socket { get; private set; }

    /// <summary>What the servers saw of it.</summary>
    internal PortObservations Seen { get; private set; }

    /// <summary>Begins to ask about a socket.</summary>
    internal void Begin(int socket, Instant now)
    {
        Socket = socket;
        Seen = new PortObservations(_servers.Count);
        _start = now;
        _firstAnswer = null;
        Array.Clear(_sent);
        for (var i = 0; i < _due.Length; i++)
            _due[i] = now + Spacing * i;
    }

    /// <summary>Nothing more is to be expected.</summary>
    internal bool IsOver(Instant now) =>
        Seen.IsComplete || now >= _start + Patience || (_firstAnswer is { } first && now >= first + PatienceWithAnswer);

    /// <summary>When to go on.</summary>
    internal Instant Deadline
    {
        get
        {
            if (Seen.IsComplete)
                return _start;
            var first = _firstAnswer is { } answer && answer + PatienceWithAnswer < _start + Patience ? answer + PatienceWithAnswer : _start + Patience;
            foreach (var due in _due)
                first = due < first ? due : first;
            return first;
        }
    }

    /// <summary>Writes a request that is due.</summary>
    internal bool PollTransmit(Span<byte> buffer, Instant now, out PunchTransmit transmit)
    {
        transmit = default;
        for (var i = 0; i < _servers.Count; i++)
        {
            if (_due[i] > now)
                continue;
            _due[i] = now + FirstRepeat * (1 << Math.Min(_sent[i]++, 8));
            var transaction = _transactions.Of(Socket, _servers[i], TransactionUse.Gather);
            var writer = new StunWriter(buffer, StunClass.Request, transaction);
            writer.AddFingerprint();
            transmit = new PunchTransmit(Socket, _servers[i], writer.Length, Hops: 0, transaction);
            return true;
        }

        return false;
    }

    /// <summary>Takes a response; false when it is not an answer to a request of ours.</summary>
    internal bool TryHandle(in StunMessage message, int socket, TransportAddress remote, Instant now)
    {
        if (socket != Socket || message.Class != StunClass.SuccessResponse)
            return false;
        for (var i = 0; i < _servers.Count; i++)
        {
            if (_servers[i] != remote || message.Transaction != _transactions.Of(socket, remote, TransactionUse.Gather) || !message.TryGetMappedAddress(out var mapped))
                continue;
            Seen.Add(i, mapped);
            _due[i] = new Instant(long.MaxValue);
            _firstAnswer ??= now;
            return true;
        }

        return false;
    }
}
