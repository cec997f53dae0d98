using System.Threading.Channels;

namespace Crust.Session.Driver;

/// <summary>An auto-reset event to await: any number of <see cref="Set"/> calls wake the one waiter once.</summary>
internal sealed class AsyncSignal
{
    private readonly Channel<bool> _channel = Channel.CreateBounded<bool>(new BoundedChannelOptions(1)
    {
        FullMode = BoundedChannelFullMode.DropWrite,
        SingleReader = true,
        AllowSynchronousContinuations = false,
    });

    internal void Set() => _channel.Writer.TryWrite(true);

    internal async ValueTask WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
}
