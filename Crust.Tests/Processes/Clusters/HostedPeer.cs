using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using Crust.Identity;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// A peer of a <see cref="PeerHost"/>. Each few seconds it sends a number to one and the same peer, over one connection, which sends it back, and asks its gateway where some peer is. Numbers that come
/// are to be each the next of their sender: nothing is lost, repeated or out of turn.
/// </summary>
internal sealed class HostedPeer : IAsyncDisposable
{
    private const string Asks = "crowd/ask", Answers = "crowd/answer";

    /// <summary>Between the requests of a peer, times a half to one and a half.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(4);

    private const int MaxTries = 60;

    private readonly LoadTally _tally;
    private readonly ConcurrentDictionary<PeerId, long> _heard = new();
    private readonly ConcurrentDictionary<long, TaskCompletionSource> _asked = new();
    private readonly CancellationTokenSource _stop = new();
    private PeerId[] _others = [];
    private PeerConnection _partner = null!;
    private long _number;
    private Task _running = Task.CompletedTask;

    private HostedPeer(LoadTally tally) => _tally = tally;

    internal CrustNode Node { get; private set; } = null!;

    /// <summary>Where it is attached as last seen, and since when; null for nowhere.</summary>
    internal (PeerId? Gateway, long Since) Attached { get; private set; }

    internal static async Task<HostedPeer> StartAsync(CrustNodeOptions options, LoadTally tally, CancellationToken cancellationToken)
    {
        var peer = new HostedPeer(tally);
        options.Handlers[Asks] = peer.AnswerAsync;
        options.Handlers[Answers] = peer.HandleAnswer;
        peer.Node = await CrustNode.StartAsync(options, cancellationToken);
        return peer;
    }

    /// <summary>Looks where it is attached.</summary>
    internal void Watch()
    {
        if (Node.Gateway is var gateway && gateway != Attached.Gateway)
            Attached = (gateway, Stopwatch.GetTimestamp());
    }

    /// <summary>Connects with the next of all of them; then requests begin.</summary>
    internal async Task BeginAsync(PeerId[] all, CancellationToken cancellationToken)
    {
        _others = [.. all.Where(id => id != Node.Id)];
        _partner = await ConnectAsync(all[(Array.IndexOf(all, Node.Id) + 1) % all.Length], cancellationToken);
        Node.PeerDisconnected += connection =>
        {
            if (connection == _partner && !_stop.IsCancellationRequested)
                _tally.SessionEnded(connection.CloseReason);
        };
        _running = Task.Run(RunAsync, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Node.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>Before anything is measured, a gateway that a busy machine keeps waiting is asked again.</summary>
    private async Task<PeerConnection> ConnectAsync(PeerId partner, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await Node.ConnectAsync(partner, cancellationToken);
            }
            catch (ConnectException) when (tries < MaxTries)
            {
                await Task.Delay(Interval * Random.Shared.NextDouble(), cancellationToken);
            }
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await Task.Delay(Interval * (0.5 + Random.Shared.NextDouble()), _stop.Token);
            // Not awaited one after the other: who waits for an answer in vain asks on.
            await Task.WhenAll(
                _tally.CountAsync(LoadTally.Ping, PingAsync(), _stop.Token),
                _tally.CountAsync(LoadTally.LookUp, Node.Finder.FindPatientlyAsync(_others[Random.Shared.Next(_others.Length)], Task.CompletedTask, _stop.Token), _stop.Token));
        }
    }

    private async Task PingAsync()
    {
        var number = ++_number;
        var answered = _asked[number] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(_partner, Asks, number, _stop.Token);
        await answered.Task.WaitAsync(_stop.Token);
    }

    private async ValueTask AnswerAsync(PeerMessage message, CancellationToken cancellationToken)
    {
        var number = BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span);
        if (_heard.GetValueOrDefault(message.Connection.Peer) != number - 1)
            _tally.OutOfTurn();
        _heard[message.Connection.Peer] = number;
        await SendAsync(message.Connection, Answers, number, cancellationToken);
    }

    private ValueTask HandleAnswer(PeerMessage message, CancellationToken cancellationToken)
    {
        if (_asked.TryRemove(BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span), out var waiting))
            waiting.TrySetResult();
        else
            _tally.OutOfTurn();
        return ValueTask.CompletedTask;
    }

    private static ValueTask SendAsync(PeerConnection connection, string protocol, long number, CancellationToken cancellationToken)
    {
        var payload = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(payload, number);
        return connection.SendAsync(protocol, payload, cancellationToken);
    }
}
