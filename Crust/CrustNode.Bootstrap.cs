using System.Collections.Concurrent;
using Crust.Dialing;
using Crust.Diagnostics;
using Crust.GatewayProtocol;
using Crust.Identity;
using Crust.Nat.Behavior;
using Crust.Nat.Behavior.Driver;
using Crust.Session;
using Crust.Session.Driver;

namespace Crust;

/// <content>How a node gets into its network, and what it knows of being reachable there.</content>
public sealed partial class CrustNode
{
    /// <summary>Attempts that are remembered. Ours: several rounds of a start.</summary>
    private const int MaxAttempts = 32;

    /// <summary>Reasons in the message of a start that failed.</summary>
    private const int MaxReasons = 5;

    /// <summary>Longest reachability test. Ours: routers take three seconds, a dial-back eight at most, and there may be three of these.</summary>
    private static readonly TimeSpan ReachabilityPatience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<BootstrapAttempt> _attempts = new();

    /// <summary>The last gateways that did not take this node, at most 32, and why; the newest last.</summary>
    public IReadOnlyList<BootstrapAttempt> BootstrapAttempts => [.. _attempts];

    /// <summary>Attaches to a gateway that is not among those named; leaves the present one if it is. Ends at once where the present one is not.</summary>
    /// <param name="exclusions">Gateways that are left out until the node is attached.</param>
    /// <param name="cancellationToken">Stops the wait; the node goes on looking.</param>
    /// <returns>The gateway.</returns>
    /// <exception cref="ConnectException"><see cref="ConnectFailure.BootstrapFailed"/>: none took the node within <see cref="CrustNodeOptions.BootstrapTimeout"/>; <see cref="BootstrapAttempts"/> tell why.</exception>
    public async Task<PeerId> BootstrapAsync(IEnumerable<PeerId> exclusions, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exclusions);
        if (_attachment is not { } attachment)
            throw new ConnectException(ConnectFailure.BootstrapFailed, default, "This node knows no gateway: it was given none, and remembers none.");
        var excluded = exclusions.ToHashSet();
        var there = new TaskCompletionSource<PeerId>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (attachment.Current is { } client && !excluded.Contains(client.Gateway))
                there.TrySetResult(client.Gateway);
        }

        attachment.Attached += Look;
        try
        {
            await attachment.LeaveAsync(excluded).ConfigureAwait(false);
            Look();
            return await there.Task.WaitAsync(_options.BootstrapTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw BootstrapFailed();
        }
        finally
        {
            attachment.Attached -= Look;
        }
    }

    /// <summary>
    /// Finds out anew whether others can reach this node from outside: the gateway, or another one, dials each address that may lead here. Takes some seconds. What is known, <see cref="Reachability"/>,
    /// where no gateway can be asked.
    /// </summary>
    public async Task<IReadOnlyList<AddressReachability>> TestReachabilityAsync(CancellationToken cancellationToken = default)
    {
        if (_attachment?.Current is not null)
            await _reachability.TestAsync(ReachabilityPatience, cancellationToken).ConfigureAwait(false);
        return Reachability;
    }

    private async Task AttachAsync(CancellationToken cancellationToken)
    {
        if (_attachment is null)
            return;
        await _attachment.LeaveAsync(_options.BootstrapExclusions.ToHashSet()).ConfigureAwait(false);
        _attachment.Start();
        using var timeout = new CancellationTokenSource(_options.BootstrapTimeout, _options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            if (!await _attachment.WaitUntilAttachedAsync(either.Token).ConfigureAwait(false))
                throw new ConnectException(ConnectFailure.IdentityElsewhere, Id, $"A newer process runs under this identity, {Id}, says the gateway.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Peers that are remembered, or on the LAN, can be dialled all the same, while the node looks for a gateway.
            if (!_memory.KnewPeers && _lan is null)
                throw BootstrapFailed();
            Log.StartsWithoutGateway(_logger, BootstrapFailed().Message);
        }
    }

    private ConnectException BootstrapFailed()
    {
        var tried = string.Join(", ", _options.Bootstrap.Select(DialReason.Name));
        var reasons = _attempts.Reverse().DistinctBy(a => a.Gateway).Take(MaxReasons).Select(a => a.Reason).Distinct().ToList();
        var why = reasons.Count > 0 ? $"; {string.Join("; ", reasons)}" : "";
        return new ConnectException(
            ConnectFailure.BootstrapFailed, default,
            $"No gateway took this node within {_options.BootstrapTimeout.TotalSeconds:0} s (tried {(tried.Length > 0 ? tried : "those that are remembered")}{why}).");
    }

    /// <summary>What the node's record says of it.</summary>
    private uint Capabilities(NatObserver? nat) =>
        (nat is null ? 0 : NatBits.Encode(nat.Report))
        | (_options is { AcceptBootstrap: true, Role: NodeRole.Node, PublishesNothing: false } && _options.Paths != PathPolicy.RelayOnly ? PeerCapabilities.AcceptsBootstrap : 0);

    private void HandleUnreached(IReadOnlyList<PeerAddress> contact, ConnectException e)
    {
        Log.DialFailed(_logger, contact[0].ToString(), e.Message);
        var refusal = e.Failure switch
        {
            ConnectFailure.HandshakeFailed => BootstrapRefusal.HandshakeFailed,
            ConnectFailure.NotAllowed => BootstrapRefusal.NotAllowed,
            ConnectFailure.IdentityElsewhere => BootstrapRefusal.IdentityElsewhere,
            ConnectFailure.ShuttingDown => BootstrapRefusal.GivenUp,
            _ => BootstrapRefusal.Unreachable,
        };
        // That it was not tried to the end says nothing of it.
        if (refusal == BootstrapRefusal.Unreachable)
            _memory.HandleFailed(contact[0].Peer);
        Note(contact[0].Peer, refusal, e.Message);
    }

    private void HandleRefused(SessionDriver session, GatewayStatus? said)
    {
        var closure = session.Closure;
        var refusal = (said, closure) switch
        {
            (GatewayStatus.Superseded, _) or (_, { ByRemote: true, Code: GoodbyeCode.IdentityElsewhere }) => BootstrapRefusal.IdentityElsewhere,
            (GatewayStatus.Throttled, _) => BootstrapRefusal.Throttled,
            (GatewayStatus.Draining, _) => BootstrapRefusal.Draining,
            (GatewayStatus.Denied, _) => BootstrapRefusal.Denied,
            (not null, _) => BootstrapRefusal.Invalid,
            (null, { ByRemote: true }) => BootstrapRefusal.Denied,
            _ => BootstrapRefusal.NoAnswer,
        };
        var reason = refusal switch
        {
            BootstrapRefusal.IdentityElsewhere => "a newer process runs under this identity",
            BootstrapRefusal.Throttled => "it was asked too often",
            BootstrapRefusal.Invalid => "it does not accept this node's record; is the clock right?",
            BootstrapRefusal.Draining => "it is drained and takes no new peers",
            BootstrapRefusal.Denied when said == GatewayStatus.Denied => "the network's operators do not allow this node",
            BootstrapRefusal.Denied => $"it ended the session: {closure!.Reason}",
            _ => "it did not answer; is it a gateway?",
        };
        Note(session.Remote, refusal, $"Gateway {session.Remote.ToShortString()}: {reason}");
    }

    private void Note(PeerId gateway, BootstrapRefusal refusal, string reason)
    {
        var source = _options.Bootstrap.Any(b => b.Peer == gateway) ? BootstrapSource.Configured
            : _attachment?.Contacts.Any(c => c.Peer == gateway) == true ? BootstrapSource.Told : BootstrapSource.Remembered;
        _attempts.Enqueue(new BootstrapAttempt(gateway, source, refusal, reason.TrimEnd('.'), _options.TimeProvider.GetUtcNow()));
        while (_attempts.Count > MaxAttempts)
            _attempts.TryDequeue(out _);
    }
}
