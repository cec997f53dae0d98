using Crust.Client;
using Crust.Identity;
using Crust.Primitives.Driver;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Cluster;

/// <summary>
/// Follows what operators order: when an exchange tells of another version, reads what changed, verifies it and hands it on. While the cluster is away, what was known last counts. Thread safe.
/// </summary>
/// <param name="client">Borrowed.</param>
/// <param name="gatewayId">This gateway.</param>
/// <param name="operators">Whose orders count.</param>
/// <param name="apply">Takes the rules on who may attach; returns soon.</param>
/// <param name="timeProvider">For waits.</param>
/// <param name="logger">Where operators read.</param>
internal sealed class PolicyFollower(
    CrustClusterClient client, PeerId gatewayId, IReadOnlySet<PeerId> operators, Action<Access.AccessRules> apply, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>After a reading that was not answered. Ours: with a second for the silo's own look, well within the 5 s that are promised.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    private readonly FollowedPolicy _followed = new(client.Network, operators);
    private readonly AsyncSignal _news = new();
    private ulong _heard;
    private ulong _applied;
    private volatile bool _isDraining;

    /// <summary>True while operators have this gateway take no new peers.</summary>
    internal bool IsDraining => _isDraining;

    /// <summary>The version that counts here.</summary>
    internal ulong Version => Volatile.Read(ref _applied);

    /// <summary>This gateway is to be drained, or not any more. Raised on the follower's own loop; subscribers must return soon.</summary>
    internal event Action<bool>? DrainingChanged;

    /// <summary>An exchange told of a version. Without operators there is nothing to follow.</summary>
    internal void Note(ulong version)
    {
        // 0: that silo does not know yet.
        if (operators.Count == 0 || version == 0 || Interlocked.Exchange(ref _heard, version) == version)
            return;
        _news.Set();
    }

    /// <summary>The loop.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _news.WaitAsync(cancellationToken).ConfigureAwait(false);
            while (!await TryReadAsync(cancellationToken).ConfigureAwait(false))
                await Task.Delay(RetryDelay, timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryReadAsync(CancellationToken cancellationToken)
    {
        var reply = await client.ReadPolicyAsync(_followed.Version, cancellationToken).ConfigureAwait(false);
        if (!reply.TryGet(out var changes))
            return false;
        if (changes is null)
            return true;
        if (_followed.Take(changes) > 0)
            ClusterLog.OrderLeftOut(logger);
        ClusterLog.PolicyTaken(logger, _followed.Version, _followed.Policy.Count);
        apply(_followed.Policy.ToRules());
        Volatile.Write(ref _applied, _followed.Version);
        var isDraining = _followed.Policy.Drains(gatewayId);
        if (isDraining != _isDraining)
        {
            _isDraining = isDraining;
            DrainingChanged?.Invoke(isDraining);
        }

        return true;
    }
}
