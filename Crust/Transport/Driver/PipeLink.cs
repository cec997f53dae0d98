using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Crust.Transport.Driver;

/// <summary>
/// A link that is its own pipe. What a link is rarely asked for is made when somebody asks: most links are idle, and there are many.
/// </summary>
internal abstract class PipeLink : ConnectionContext, IDuplexPipe
{
    private CancellationTokenSource? _closed;
    private string? _connectionId;
    private FeatureCollection? _features;
    private IDictionary<object, object?>? _items;

    private protected PipeLink() => Transport = this;

    public abstract PipeReader Input { get; }

    public abstract PipeWriter Output { get; }

    public sealed override IDuplexPipe Transport { get; set; }

    public sealed override string ConnectionId
    {
        get => _connectionId ??= Guid.NewGuid().ToString("N");
        set => _connectionId = value;
    }

    public sealed override IFeatureCollection Features => _features ??= new FeatureCollection();

    public sealed override IDictionary<object, object?> Items
    {
        get => _items ??= new ConnectionItems();
        set => _items = value;
    }

    public override EndPoint? LocalEndPoint { get; set; }

    public override EndPoint? RemoteEndPoint { get; set; }

    /// <summary>Cancelled once the link is closed by this process; what the remote does is seen by reading.</summary>
    public sealed override CancellationToken ConnectionClosed
    {
        get
        {
            var closed = LazyInitializer.EnsureInitialized(ref _closed);
            if (IsClosedHere)
                closed.Cancel();
            return closed.Token;
        }

        set => throw new NotSupportedException("A link knows itself when it is closed.");
    }

    /// <summary>True once this process closed it. Read by any thread.</summary>
    private protected abstract bool IsClosedHere { get; }

    /// <summary>Cancels the token, once <see cref="IsClosedHere"/> is true. Never disposed of: whoever asks for the token of a closed link must not fault, and without a timer it holds nothing.</summary>
    private protected void TellClosed() => Volatile.Read(ref _closed)?.Cancel();
}
