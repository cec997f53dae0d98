using Crust.Dialing;
using Crust.GatewayProtocol;
using Crust.GatewayProtocol.Driver;
using Crust.Identity;

namespace Crust;

/// <summary>Asks our gateway where peers are; and, when that one says nothing any more, the next. Thread safe.</summary>
internal sealed class PeerFinder(PeerId self, NetworkId network, Func<GatewayAttachment?> attachment, Func<bool> loopbackAllowed, TimeProvider timeProvider)
{
    /// <summary>How long whoever asked in vain waits for another gateway. Ours: contacts are tried within it, two of them one after the other.</summary>
    private static readonly TimeSpan AttachmentWait = TimeSpan.FromSeconds(3);

    /// <summary>Before the peer is looked up again, doubled from the first to the last. Ours.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LastPause = TimeSpan.FromSeconds(2);

    /// <summary>Asks once.</summary>
    /// <exception cref="ConnectException">It is not known, or nobody can be asked.</exception>
    internal async Task<FoundPeer> FindAsync(PeerId peer, CancellationToken cancellationToken) => Read(peer, await AskAsync(attachment()?.Current, peer, cancellationToken).ConfigureAwait(false));

    /// <summary>Asks once; null when that fails.</summary>
    internal async Task<FoundPeer?> TryFindAsync(PeerId peer, CancellationToken cancellationToken)
    {
        try
        {
            return await FindAsync(peer, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectException)
        {
            return null;
        }
    }

    /// <summary>
    /// Asks; where there is no gateway, or the one that was asked is gone by now, waits for the next one and asks that. Told that the peer is not known, or nothing, it asks again while something else is
    /// tried: a gateway that has just begun does not reach the cluster yet, and a peer may be about to attach.
    /// </summary>
    /// <param name="peer">Who is looked for.</param>
    /// <param name="meanwhile">What is tried without a gateway: as long as it is under way, waiting costs nothing.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="ConnectException">It is not known, or nobody can be asked.</exception>
    internal async Task<FoundPeer> FindPatientlyAsync(PeerId peer, Task meanwhile, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LastPause ? pause * 2 : LastPause)
        {
            try
            {
                return await FindSomewhereAsync(peer, meanwhile, cancellationToken).ConfigureAwait(false);
            }
            catch (ConnectException e) when (e.Failure != ConnectFailure.Throttled && !meanwhile.IsCompleted)
            {
                await meanwhile.WaitAsync(pause, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                cancellationToken.ThrowIfCancellationRequested();
                if (meanwhile.IsCompleted)
                    throw;
            }
        }
    }

    private async Task<FoundPeer> FindSomewhereAsync(PeerId peer, Task meanwhile, CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = attachment()?.Current;
            var response = await AskAsync(asked, peer, cancellationToken).ConfigureAwait(false);
            // One that is still there has its reasons not to answer.
            if (response is not null || asked is { Session.Closure: null } || attachment() is not { } attaching || !await IsAnotherThereAsync(attaching, asked, meanwhile, cancellationToken).ConfigureAwait(false))
                return Read(peer, response);
        }
    }

    private async Task<bool> IsAnotherThereAsync(GatewayAttachment attaching, GatewayClient? asked, Task meanwhile, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var another = attaching.WaitForAnotherAsync(asked, enough.Token);
        var patience = Task.WhenAll(meanwhile, Task.Delay(AttachmentWait, timeProvider, enough.Token));
        await Task.WhenAny(another, patience).ConfigureAwait(false);
        var isThere = another.IsCompletedSuccessfully && await another.ConfigureAwait(false);
        await enough.CancelAsync().ConfigureAwait(false);
        await ((Task)another).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return isThere;
    }

    private static Task<FindResponse?> AskAsync(GatewayClient? gateway, PeerId peer, CancellationToken cancellationToken) =>
        gateway is null ? Task.FromResult<FindResponse?>(null) : gateway.FindAsync(peer, cancellationToken);

    private FoundPeer Read(PeerId peer, FindResponse? found)
    {
        switch (found?.Status)
        {
            case GatewayStatus.Ok when PeerRecord.TryVerify(found.Record.Span, network, out var record)
                && record!.Peer == peer && record.IsCurrent(timeProvider.GetUtcNow()):
                return new FoundPeer(record, Home(found), found.CircuitToken.ToByteArray());
            case GatewayStatus.Ok or GatewayStatus.NotFound:
                throw new ConnectException(ConnectFailure.PeerNotFound, peer, $"No gateway knows peer {peer}.");
            case GatewayStatus.Throttled:
                throw new ConnectException(ConnectFailure.Throttled, peer, "The gateway is asked too often; wait and try again.");
            case null or GatewayStatus.NotAttached:
                throw new ConnectException(ConnectFailure.NotAttached, peer, "The gateway did not answer; the node looks for another.");
            default:
                throw new ConnectException(ConnectFailure.ClusterUnavailable, peer, "The cluster cannot be reached, and the gateway does not remember the peer; try again.");
        }
    }

    /// <summary>The addresses of the peer's gateway: of one gateway, and such as a stranger may make us dial.</summary>
    private List<PeerAddress> Home(FindResponse found)
    {
        var addresses = new List<PeerAddress>();
        foreach (var text in found.Home.Take(GatewayCodec.MaxHomeAddresses))
        {
            if (PeerAddress.TryParse(text, out var address) && AddressPolicy.MayDial(address.EndPoint.Address, loopbackAllowed())
                && (addresses.Count == 0 || addresses[0].Peer == address.Peer) && address.Peer != self)
                addresses.Add(address);
        }

        return addresses;
    }
}
