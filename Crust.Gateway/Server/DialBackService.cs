using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Crust.Dialing;
using Crust.Gateway.Cluster;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Transport;

namespace Crust.Gateway.Server;

/// <summary>
/// Tells peers whether others can reach them: by dialling them, from another gateway where there is one that the peer has not sent anything to. Bounded by <see cref="DialBackPolicy"/> and
/// <see cref="DialBackAllowance"/>. Thread safe.
/// </summary>
internal sealed class DialBackService(
    Func<PeerAddress, TimeSpan, CancellationToken, Task<ProofOutcome>> prove, PeerId self, DialBackPolicy policy, ClusterLink cluster, Func<IEnumerable<IPAddress>> ownAddresses, MonotonicClock clock)
    : IAsyncDisposable
{
    /// <summary>Longest dial.</summary>
    internal static readonly TimeSpan DialPatience = TimeSpan.FromSeconds(3);

    /// <summary>Longest wait for another gateway: its dial, and two ways through mailboxes.</summary>
    internal static readonly TimeSpan OtherPatience = TimeSpan.FromSeconds(5);

    private readonly DialBackAllowance _allowance = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<byte[]>> _pending = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _underWay = [];

    /// <summary>Told of each request that was dialled for: who asked, what was dialled and what came of it, whether from where the peer had not sent to, and where it had. Must return soon.</summary>
    internal Action<DialledBack>? Dialled { get; set; }

    /// <summary>
    /// Dials a peer that asks for nothing now: one that is told to others, which must be true still. Within the bounds of every dial, from another gateway where there is one. Null: not now.
    /// </summary>
    /// <param name="addresses">At most <see cref="GatewayCodec.MaxDialBacks"/>, of one peer and on one IP.</param>
    /// <param name="contacted">Where the peer had sent to when it was last heard to say so.</param>
    internal async Task<DialledBack?> RedialAsync(IReadOnlyList<PeerAddress> addresses, IReadOnlyList<string> contacted)
    {
        List<PeerAddress> dialled = [.. addresses];
        if (!policy.MayDial(dialled[0].EndPoint.Address) || !_allowance.TryBegin(null, dialled[0].EndPoint.Address, clock.Now))
            return null;
        try
        {
            var other = await AskOtherAsync(dialled, contacted);
            return new DialledBack(dialled[0].Peer, dialled, other ?? await DialAsync(dialled), other is not null, contacted);
        }
        finally
        {
            _allowance.End();
        }
    }

    /// <summary>Answers a request by <paramref name="respond"/>: at once where nothing is dialled, so that whoever does not read its answers waits for itself; else when the dials are over.</summary>
    /// <param name="connection">Who asks.</param>
    /// <param name="request">What it asks.</param>
    /// <param name="length">Bytes of the whole envelope.</param>
    /// <param name="respond">Sends the answer.</param>
    internal Task HandleAsync(PeerConnection connection, DialBackRequest request, int length, Func<DialBackResponse, Task> respond)
    {
        var addresses = Parse(request, connection.Peer);
        if (addresses is null || length < GatewayCodec.DialBackCost * addresses.Count)
            return respond(new DialBackResponse { Status = GatewayStatus.Invalid });
        // Over a circuit the address that is seen is another gateway's.
        var observed = connection.Path.IsDirect() ? connection.RemoteEndPoint?.Address : null;
        var allowed = addresses.Where(a => policy.MayDial(a.EndPoint.Address, observed)).ToList();
        if (allowed.Count == 0)
            return respond(Answer(addresses, [], [], independent: false));
        if (!_allowance.TryBegin(connection.Peer, allowed[0].EndPoint.Address, clock.Now))
            return respond(new DialBackResponse { Status = GatewayStatus.Throttled });
        Track(async () =>
        {
            DialBackResponse response;
            try
            {
                response = await DialAsync(addresses, allowed, [.. request.Contacted]);
            }
            finally
            {
                _allowance.End();
            }

            await respond(response);
        });
        return Task.CompletedTask;
    }

    /// <summary>Takes a command of another gateway; false when it is none of these.</summary>
    internal bool Handle(GatewayCommand command)
    {
        switch (command)
        {
            case DialBackCommand dial:
                Track(() => DialForAsync(dial));
                return true;
            case DialBackResultCommand result:
                if (_pending.TryRemove(Convert.ToHexString(result.AttemptId), out var waiting))
                    waiting.TrySetResult(result.Outcomes);
                return true;
            default:
                return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        Task[] left;
        lock (_lock)
            left = [.. _underWay];
        await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private static List<PeerAddress>? Parse(DialBackRequest request, PeerId peer)
    {
        if (request.Addresses.Count is 0 or > GatewayCodec.MaxDialBacks || request.Contacted.Count > GatewayCodec.MaxContacted)
            return null;
        var parsed = new List<PeerAddress>();
        foreach (var text in request.Addresses)
        {
            if (!PeerAddress.TryParse(text, out var address) || address.Peer != peer)
                return null;
            parsed.Add(address);
        }

        return parsed;
    }

    private async Task<DialBackResponse> DialAsync(List<PeerAddress> addresses, List<PeerAddress> allowed, IReadOnlyList<string> contacted)
    {
        var told = await AskOtherAsync(allowed, contacted);
        var outcomes = told ?? await DialAsync(allowed);
        Dialled?.Invoke(new DialledBack(allowed[0].Peer, allowed, outcomes, told is not null, contacted));
        return Answer(addresses, allowed, outcomes, independent: told is not null);
    }

    private static DialBackResponse Answer(List<PeerAddress> addresses, List<PeerAddress> allowed, DialBackOutcome[] outcomes, bool independent)
    {
        var response = new DialBackResponse { Status = GatewayStatus.Ok };
        foreach (var address in addresses)
        {
            var place = allowed.IndexOf(address);
            response.Results.Add(new DialBackResult { Outcome = place < 0 ? DialBackOutcome.NotDialled : outcomes[place], Independent = place >= 0 && independent });
        }

        return response;
    }

    /// <summary>Has another gateway dial; null when there is none to which the peer has not sent anything, or it says nothing.</summary>
    private async Task<DialBackOutcome[]?> AskOtherAsync(List<PeerAddress> allowed, IEnumerable<string> contacted)
    {
        var known = ownAddresses().Select(DialBackPolicy.Plain).ToHashSet();
        foreach (var text in contacted)
        {
            if (IPAddress.TryParse(text, out var address))
                known.Add(DialBackPolicy.Plain(address));
        }

        if (DialBackChoice.Choose(cluster.Directory.Gateways, self, allowed[0].EndPoint.AddressFamily, known, RandomNumberGenerator.GetInt32) is not { } other)
            return null;
        var attempt = RandomNumberGenerator.GetBytes(DialBackCommand.AttemptIdLength);
        var key = Convert.ToHexString(attempt);
        var waiting = _pending[key] = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var command = new DialBackCommand(allowed[0].Peer, [.. allowed.Select(a => a.ToString())], attempt, self);
            if (!await cluster.TrySendAsync(other, command, _stopped.Token))
                return null;
            var told = await waiting.Task.WaitAsync(OtherPatience, clock.TimeProvider, _stopped.Token);
            // One that has too much to do is as good as none.
            return told.Length != allowed.Count || Array.TrueForAll(told, o => o == (byte)DialBackOutcome.NotDialled) ? null : Array.ConvertAll(told, o => (DialBackOutcome)o);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _pending.TryRemove(key, out _);
        }
    }

    /// <summary>Dials for another gateway, which sees the peer there; its word is held to the same bounds.</summary>
    private async Task DialForAsync(DialBackCommand command)
    {
        var addresses = new List<PeerAddress>();
        foreach (var text in command.Addresses)
        {
            if (PeerAddress.TryParse(text, out var address) && address.Peer == command.Target)
                addresses.Add(address);
        }

        if (addresses.Count is 0 or > GatewayCodec.MaxDialBacks || addresses.Count != command.Addresses.Length
            || addresses.Any(a => !a.EndPoint.Address.Equals(addresses[0].EndPoint.Address)))
            return;
        var outcomes = Enumerable.Repeat(DialBackOutcome.NotDialled, addresses.Count).ToArray();
        if (policy.MayDial(addresses[0].EndPoint.Address) && _allowance.TryBegin(null, addresses[0].EndPoint.Address, clock.Now))
        {
            try
            {
                outcomes = await DialAsync(addresses);
            }
            finally
            {
                _allowance.End();
            }
        }

        await cluster.TrySendAsync(command.ReplyTo, new DialBackResultCommand(command.AttemptId, Array.ConvertAll(outcomes, o => (byte)o)), _stopped.Token);
    }

    private async Task<DialBackOutcome[]> DialAsync(List<PeerAddress> addresses) => Array.ConvertAll(
        await Task.WhenAll(addresses.Select(a => prove(a, DialPatience, _stopped.Token))),
        outcome => outcome switch
        {
            ProofOutcome.Reached => DialBackOutcome.Reached,
            ProofOutcome.Refused => DialBackOutcome.Refused,
            ProofOutcome.NotThePeer => DialBackOutcome.NotThePeer,
            ProofOutcome.NoAnswer => DialBackOutcome.NoAnswer,
            _ => DialBackOutcome.NotDialled,
        });

    /// <summary>Runs something that ends within seconds. Dials are bounded by the allowance; answers by what their requests cost, and the session's end.</summary>
    private void Track(Func<Task> work)
    {
        if (_stopped.IsCancellationRequested)
            return;
        var task = Task.Run(work);
        lock (_lock)
            _underWay.Add(task);
        task.ContinueWith(
            done =>
            {
                lock (_lock)
                    _underWay.Remove(done);
                // A session that ended meanwhile, or a gateway that stops: nobody waits for the answer.
                _ = done.Exception;
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
