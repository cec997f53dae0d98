using Crust.Tests.Older.Contracts;

namespace Crust.Tests.Older.Grains.Gateways;

/// <summary>
/// The commands that wait for one gateway. Numbers start at 1 with each epoch and have no gaps; a caller that names another epoch starts a new one, in which
/// what waits is numbered anew; a new process of the gateway finds an empty mailbox, because the peers that the commands were for are gone. Pure; one
/// thread at a time.
/// </summary>
internal sealed class MailboxLedger(ulong epoch, DateTimeOffset now)
{
    private readonly Queue<NumberedCommand> _waiting = new();
    private ulong _lastNumber;
    private ulong _gatewayEpoch;
    private DateTimeOffset _lastHeard = now;

    /// <summary>The epoch of the numbers.</summary>
    internal ulong Epoch { get; private set; } = epoch;

    internal int Count => _waiting.Count;

    /// <summary>Takes an exchange's words: who calls, and what arrived.</summary>
    internal ExchangeStatus Hear(ulong gatewayEpoch, ulong callersEpoch, ulong ackedThrough, DateTimeOffset now)
    {
        if (gatewayEpoch < _gatewayEpoch)
            return ExchangeStatus.Superseded;
        if (gatewayEpoch > _gatewayEpoch && _gatewayEpoch != 0)
            _waiting.Clear();
        _gatewayEpoch = gatewayEpoch;
        _lastHeard = now;
        if (callersEpoch != Epoch)
        {
            Renumber();
            return ExchangeStatus.Ok;
        }

        while (_waiting.TryPeek(out var first) && first.Number <= ackedThrough)
            _waiting.Dequeue();
        return ExchangeStatus.Ok;
    }

    /// <summary>Adds a command, unless the mailbox is full or its gateway gone.</summary>
    internal EnqueueResult Enqueue(GatewayCommand command, DateTimeOffset now)
    {
        if (IsAway(now))
            return EnqueueResult.GatewayAway;
        if (_waiting.Count == IGatewayGrain.MaxCommands)
            return EnqueueResult.Full;
        _waiting.Enqueue(new NumberedCommand(++_lastNumber, command));
        return EnqueueResult.Queued;
    }

    /// <summary>The first of those that wait.</summary>
    internal NumberedCommand[] Next() => [.. _waiting.Take(IGatewayGrain.MaxReply)];

    /// <summary>True when the gateway was not heard of for 10 s, counted from the mailbox's beginning at first.</summary>
    internal bool IsAway(DateTimeOffset now) => now - _lastHeard >= Timing.GatewaySilence;

    private void Renumber()
    {
        Epoch = unchecked(Epoch + 1);
        if (Epoch == 0)
            Epoch = 1;
        _lastNumber = 0;
        for (var left = _waiting.Count; left > 0; left--)
            _waiting.Enqueue(new NumberedCommand(++_lastNumber, _waiting.Dequeue().Command));
    }
}
