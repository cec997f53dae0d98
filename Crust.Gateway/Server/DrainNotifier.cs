using Crust.GatewayProtocol;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Crust.Gateway.Server;

/// <summary>
/// Tells attached peers that operators drain this gateway, some at a time, so that they do not all come to the others at once; and again while there are any. Thread safe.
/// </summary>
internal sealed class DrainNotifier : IAsyncDisposable
{
    /// <summary>Peers that are told at once, and how often: 500 a second. Ours: another gateway shakes hands with several times as many on one core.</summary>
    private const int Batch = 50;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    /// <summary>Until those who are still here are told again. Ours: they look for another gateway by themselves meanwhile; only who lost the notice needs it.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    private readonly AttachedPeers _peers;
    private readonly Func<bool> _isDraining;
    private readonly Func<IEnumerable<string>> _otherGateways;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly AsyncSignal _news = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _loop;

    /// <param name="peers">Who is attached.</param>
    /// <param name="isDraining">Whether operators drain this gateway.</param>
    /// <param name="otherGateways">Where peers may go.</param>
    /// <param name="timeProvider">For the pace.</param>
    /// <param name="logger">Where operators read.</param>
    internal DrainNotifier(AttachedPeers peers, Func<bool> isDraining, Func<IEnumerable<string>> otherGateways, TimeProvider timeProvider, ILogger logger)
    {
        (_peers, _isDraining, _otherGateways, _timeProvider, _logger) = (peers, isDraining, otherGateways, timeProvider, logger);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Whether operators drain this gateway.</summary>
    internal bool IsDraining => _isDraining();

    /// <summary>That has changed.</summary>
    internal void Note(bool isDraining)
    {
        ServerLog.DrainingChanged(_logger, isDraining, _peers.Count);
        // What has changed was written before the attached were counted, which takes their lock: the loop sees it.
        _news.Set();
    }

    /// <summary>Tells one peer. One that does not read its notices loses them: nobody waits for it here.</summary>
    internal void Tell(AttachedEntry entry) => entry.Connection.Session.Sender.TrySend(GatewayCodec.Protocol, Notice(), SessionDriver.DefaultPriority);

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _loop;
        _stopped.Dispose();
    }

    private byte[] Notice()
    {
        var notice = new DrainNotice();
        notice.Gateways.AddRange(_otherGateways().Take(GatewayCodec.MaxGateways));
        return new GatewayEnvelope { DrainNotice = notice }.ToByteArray();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _news.WaitAsync(_isDraining() ? Again : Timeout.InfiniteTimeSpan, _timeProvider, _stopped.Token);
                foreach (var batch in _peers.Entries.Chunk(Batch))
                {
                    if (!_isDraining())
                        break;
                    foreach (var entry in batch)
                        Tell(entry);
                    await Task.Delay(Pace, _timeProvider, _stopped.Token);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The gateway stops.
        }
    }
}
