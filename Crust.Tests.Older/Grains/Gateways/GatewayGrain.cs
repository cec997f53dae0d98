using Crust.Tests.Older.Contracts;
using Crust.Identity;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Crust.Tests.Older.Grains.Gateways;

/// <summary>
/// A gateway's mailbox: the shell around <see cref="MailboxLedger"/>. It holds exchanges, and carries heartbeats to the directory by a timer of its own, so
/// that no exchange waits for the directory.
/// </summary>
/// <remarks>Placed on the silo that the gateway is connected to: it is called for every command and every two seconds.</remarks>
[Reentrant, PreferLocalPlacement, CollectionAgeLimit(Minutes = 2)]
internal sealed class GatewayGrain(ServedNetwork network, TimeProvider timeProvider, ILogger<GatewayGrain> logger) : Grain, IGatewayGrain
{
    private readonly MailboxLedger _ledger = new(ActivationEpoch.Draw(), timeProvider.GetUtcNow());
    private PeerId _gatewayId;
    private IGrainTimer _toDirectory = null!;
    private GatewayHeartbeat? _heartbeat;
    private bool _isHeardSince;
    private GatewayDirectorySnapshot? _directory;
    private TaskCompletionSource _news = NewSignal();
    private ulong _exchange;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!GrainKeys.TryParsePeer(this.GetPrimaryKeyString(), network.Id, out _gatewayId))
            throw new ArgumentException("This key is not a gateway of the network that this silo serves.");
        _toDirectory = this.RegisterGrainTimer(
            CallDirectoryAsync, new GrainTimerCreationOptions(Timing.DirectoryPeriod, Timing.DirectoryPeriod) { Interleave = true });
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<ExchangeReply> ExchangeAsync(ulong mailboxEpoch, ulong ackedThrough, ulong directoryVersion, GatewayHeartbeat heartbeat)
    {
        if (!HeartbeatRules.IsValid(_gatewayId, heartbeat))
            return new ExchangeReply(ExchangeStatus.Invalid, 0, [], null);
        var status = _ledger.Hear(heartbeat.Epoch, mailboxEpoch, ackedThrough, timeProvider.GetUtcNow());
        if (status != ExchangeStatus.Ok)
            return new ExchangeReply(status, 0, [], null);
        var isNews = _heartbeat is null || _heartbeat.Epoch != heartbeat.Epoch || _heartbeat.Draining != heartbeat.Draining;
        _heartbeat = heartbeat;
        _isHeardSince = true;
        if (isNews)
            _toDirectory.Change(TimeSpan.Zero, Timing.DirectoryPeriod);

        // A newer exchange ends this one: its caller has given up on it.
        var own = ++_exchange;
        Signal();
        var started = timeProvider.GetTimestamp();
        while (true)
        {
            var commands = own == _exchange ? _ledger.Next() : [];
            var directory = _directory?.Version == directoryVersion ? null : _directory;
            var left = Timing.ExchangeHold - timeProvider.GetElapsedTime(started);
            if (commands.Length > 0 || directory is not null || mailboxEpoch != _ledger.Epoch || own != _exchange || left <= TimeSpan.Zero)
                return new ExchangeReply(ExchangeStatus.Ok, _ledger.Epoch, commands, directory);
            await _news.Task.WaitAsync(left, timeProvider)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    /// <inheritdoc/>
    public Task<EnqueueResult> EnqueueAsync(GatewayCommand command)
    {
        if (!IsValid(command))
            return Task.FromResult(EnqueueResult.Invalid);
        var result = _ledger.Enqueue(command, timeProvider.GetUtcNow());
        if (result == EnqueueResult.Queued)
            Signal();
        return Task.FromResult(result);
    }

    private static bool IsValid(GatewayCommand command) => command switch
    {
        IntroduceCommand introduce => introduce.AttemptId.Length == IntroduceCommand.AttemptIdLength && introduce.CallerSignedRecord.Length <= PeerRecord.MaxSignedLength,
        DialBackCommand dial => dial.AttemptId.Length == DialBackCommand.AttemptIdLength && dial.Addresses.Length is > 0 and <= DialBackCommand.MaxAddresses
            && Array.TrueForAll(dial.Addresses, a => a.Length <= DialBackCommand.MaxAddressLength),
        DialBackResultCommand result => result.AttemptId.Length == DialBackCommand.AttemptIdLength && result.Outcomes.Length <= DialBackCommand.MaxAddresses,
        _ => true,
    };

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Signal()
    {
        _news.TrySetResult();
        _news = NewSignal();
    }

    private async Task CallDirectoryAsync(CancellationToken cancellationToken)
    {
        // Only what was heard since: the directory counts the silence, and must not hear an echo of a dead gateway.
        if (_heartbeat is null || !_isHeardSince || _ledger.IsAway(timeProvider.GetUtcNow()))
            return;
        try
        {
            _isHeardSince = false;
            var news = await GrainFactory.GetGrain<IGatewayDirectoryGrain>(GrainKeys.Directory(network.Id))
                .HeartbeatAsync(_gatewayId, _heartbeat, _directory?.Version ?? 0);
            if (news is null)
                return;
            _directory = news;
            Signal();
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            _isHeardSince = true;
            GrainLog.DirectoryAway(logger, _gatewayId, e.Message);
        }
    }
}
