using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Crust.Primitives;
using Crust.Transport.Driver;
using Microsoft.AspNetCore.Connections;

namespace Crust.Utp.Driver;

/// <summary>
/// One µTP connection as a link. It holds no buffer while nothing moves. <see cref="Abort(ConnectionAbortedException)"/> resets it; <see cref="DisposeAsync"/> closes it in order: what was flushed
/// and the end are delivered in the background, for a bounded time.
/// </summary>
internal sealed class UtpLink : PipeLink
{
    private readonly UtpInput _input;
    private readonly UtpOutput _output;
    private TaskCompletionSource? _connecting;
    private EndPoint? _remoteEndPoint;

    internal UtpLink(UtpPump pump, UtpConnection connection, IPEndPoint? remoteEndPoint)
    {
        Pump = pump;
        Connection = connection;
        _remoteEndPoint = remoteEndPoint;
        _input = new UtpInput(this);
        _output = new UtpOutput(this);
        LocalEndPoint = pump.LocalEndPoint;
    }

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    public override EndPoint? RemoteEndPoint
    {
        get => _remoteEndPoint ??= Connection.Remote.ToIPEndPoint();
        set => _remoteEndPoint = value;
    }

    private protected override bool IsClosedHere => IsClosed;

    internal UtpPump Pump { get; }

    internal UtpConnection Connection { get; }

    /// <summary>The pump's: other links that are not over.</summary>
    internal UtpLink? Next { get; set; }

    /// <inheritdoc cref="Next"/>
    internal UtpLink? Previous { get; set; }

    /// <summary>When a link that was disposed of is reset.</summary>
    internal Instant CloseAt { get; set; }

    /// <summary>This side closed it.</summary>
    internal bool IsClosed { get; private set; }

    /// <summary>The machine is done with it.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Why nothing moves any more; null while something may. Under the pump's lock.</summary>
    internal IOException? Failure => (IsClosed, Connection.EndReason) switch
    {
        (true, _) => new IOException("The µTP link was closed.", new SocketException((int)SocketError.OperationAborted)),
        (_, UtpEndReason.None) when IsOver => new IOException("The UDP socket failed.", new SocketException((int)SocketError.SocketError)),
        (_, UtpEndReason.None or UtpEndReason.Finished) => null,
        (_, var reason) => new IOException("The µTP connection failed.", new SocketException((int)ErrorOf(reason))),
    };

    /// <summary>A dial: the task ends with the connection's being open, or a <see cref="SocketException"/>. Before anything happened.</summary>
    internal Task BeginConnecting() => (_connecting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Ends a dial that is under way.</summary>
    internal void CancelConnecting(CancellationToken cancellationToken)
    {
        lock (Pump.Gate)
        {
            if (_connecting is not { } connecting)
                return;
            _connecting = null;
            Close(connecting, new OperationCanceledException(cancellationToken));
        }
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        lock (Pump.Gate)
        {
            if (IsClosed)
                return;
            Close(null, null);
        }

        TellClosed();
    }

    public override ValueTask DisposeAsync()
    {
        lock (Pump.Gate)
        {
            if (!IsClosed)
            {
                IsClosed = true;
                EndWaits();
                if (!IsOver)
                {
                    Connection.FinishWriting();
                    Connection.Discard();
                    Pump.Linger(this);
                    Pump.Drain();
                }
            }
        }

        TellClosed();
        return base.DisposeAsync();
    }

    /// <summary>Something happened to the connection. Under the pump's lock: nobody else's code may run.</summary>
    internal void Handle(UtpEventKind kind)
    {
        switch (kind)
        {
            case UtpEventKind.Connected:
                _connecting?.TrySetResult();
                _connecting = null;
                break;
            case UtpEventKind.Readable when IsClosed:
                // Nobody reads any more, but the remote's end comes only behind its bytes.
                Connection.Discard();
                break;
            case UtpEventKind.Readable:
                _input.HandleReadable();
                break;
            case UtpEventKind.Writable:
                _output.HandleWritable();
                break;
            case UtpEventKind.Ended:
                End(ErrorOf(Connection.EndReason));
                break;
        }
    }

    /// <summary>Its socket failed. Under the pump's lock.</summary>
    internal void Fail() => End(SocketError.SocketError);

    private void End(SocketError error)
    {
        IsOver = true;
        _connecting?.TrySetException(new SocketException((int)error));
        _connecting = null;
        EndWaits();
    }

    private static SocketError ErrorOf(UtpEndReason reason) => reason switch
    {
        UtpEndReason.ResetByRemote => SocketError.ConnectionReset,
        UtpEndReason.Aborted => SocketError.ConnectionAborted,
        _ => SocketError.TimedOut,
    };

    private void Close(TaskCompletionSource? connecting, Exception? reason)
    {
        IsClosed = true;
        if (!IsOver)
        {
            Connection.Abort();
            Pump.Drain();
        }

        if (reason is not null)
            connecting?.TrySetException(reason);
        EndWaits();
    }

    private void EndWaits()
    {
        _input.HandleReadable();
        _output.HandleWritable();
    }
}
