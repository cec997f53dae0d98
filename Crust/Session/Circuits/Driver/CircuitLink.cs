using System.IO.Pipelines;
using System.Net;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Transport.Driver;
using Microsoft.AspNetCore.Connections;

namespace Crust.Session.Circuits.Driver;

/// <summary>
/// A circuit as a link: what is above it runs as over any other. Its end points are those of the hop. <see cref="Abort(ConnectionAbortedException)"/> ends it
/// at once, <see cref="DisposeAsync"/> once what was flushed has left; the circuit ends in both directions then. Thread safe where links are.
/// </summary>
internal sealed class CircuitLink : PipeLink, ICircuitUser
{
    /// <summary>How long what was flushed may take to leave after the link was closed. Ours: as long as a session's goodbye.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(2);

    private static readonly PipeOptions Options = new(pauseWriterThreshold: 0, minimumSegmentSize: 16 * 1024, useSynchronizationContext: false);

    private readonly CircuitHop _hop;
    private readonly Circuit _circuit;
    private readonly MemoryBudget _budget;
    private readonly TimeProvider _timeProvider;
    private readonly Pipe _pipe = new(Options);
    private readonly CircuitOutput _output;
    private readonly Lock _gate = new();
    private ITimer? _linger;
    private long _consumed;
    private int _window = CircuitLimits.InitialWindow;
    private bool _isClosed;
    private volatile bool _isEnded;
    private CircuitCode? _endedBy;

    /// <param name="hop">The hop.</param>
    /// <param name="circuit">The circuit, of which this becomes the user.</param>
    /// <param name="budget">What the window grows from.</param>
    /// <param name="timeProvider">For the time that an end takes.</param>
    internal CircuitLink(CircuitHop hop, Circuit circuit, MemoryBudget budget, TimeProvider timeProvider)
    {
        _hop = hop;
        _circuit = circuit;
        _budget = budget;
        _timeProvider = timeProvider;
        _output = new CircuitOutput(this);
        Input = new CircuitInput(_pipe.Reader, HandleConsumed);
        LocalEndPoint = hop.Session.LocalEndPoint;
        RemoteEndPoint = hop.Session.RemoteEndPoint;
    }

    /// <summary>The session with the gateway that it rides on.</summary>
    internal SessionDriver Hop => _hop.Session;

    public override PipeReader Input { get; }

    public override PipeWriter Output => _output;

    private protected override bool IsClosedHere => _isClosed;

    /// <summary>Who is at the other end, says the gateway.</summary>
    internal PeerId Peer => _circuit.Peer;

    internal CircuitKind Kind => _circuit.Kind;

    /// <summary>The gateway.</summary>
    internal PeerId Gateway => _hop.Remote;

    /// <summary>True when nothing moves any more.</summary>
    internal bool IsEnded => _isEnded;

    /// <summary>Why the other end, or the gateway, ended it; null while it has not.</summary>
    internal CircuitCode? EndedBy => _endedBy;

    /// <summary>Bytes that wait for the hop.</summary>
    internal int Queued => _hop.Queued(_circuit);

    /// <summary>Takes over an array of the slab pool; false, and it stays the caller's, when the circuit is over.</summary>
    internal bool TrySend(byte[] ownedArray, int length) => !_isEnded && _hop.TryAppend(_circuit, ownedArray, length);

    internal IOException Failure() => new(_endedBy is { } code ? $"The circuit ended: {CircuitReason.Of(code)}." : "The circuit was closed.");

    public override void Abort(ConnectionAbortedException abortReason) => Close(atOnce: true);

    public override ValueTask DisposeAsync()
    {
        Close(atOnce: false);
        return base.DisposeAsync();
    }

    /// <inheritdoc/>
    void ICircuitUser.HandleReceived(ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (_isEnded)
                return;
            data.CopyTo(_pipe.Writer.GetSpan(data.Length));
            _pipe.Writer.Advance(data.Length);
            // Never waits: the credit bounds what lies in the pipe.
            var flushed = _pipe.Writer.FlushAsync(CancellationToken.None);
            System.Diagnostics.Debug.Assert(flushed.IsCompleted, "a pipe without a threshold does not wait");
        }
    }

    /// <inheritdoc/>
    void ICircuitUser.HandleProgress() => _output.HandleProgress();

    /// <inheritdoc/>
    void ICircuitUser.HandleEnded(CircuitCode code)
    {
        lock (_gate)
        {
            if (_isEnded)
                return;
            _endedBy = code;
            End(code == CircuitCode.Normal ? null : Failure());
        }
    }

    private void Close(bool atOnce)
    {
        lock (_gate)
        {
            if (_isClosed && !atOnce)
                return;
            _isClosed = true;
            if (!_isEnded)
                End(new IOException("The circuit was closed."));
        }

        _hop.Close(_circuit, CircuitCode.Normal, atOnce);
        if (atOnce)
            _linger?.Dispose();
        else if (Queued > 0)
            // The other end may give no more credit.
            _linger = _timeProvider.CreateTimer(static s => ((CircuitLink)s!).Close(atOnce: true), this, Linger, Timeout.InfiniteTimeSpan);
        TellClosed();
    }

    /// <summary>Nothing moves any more: readers and writers are told. Under the lock.</summary>
    private void End(Exception? failure)
    {
        _isEnded = true;
        _pipe.Writer.Complete(failure);
        _output.HandleProgress();
        if (_window > CircuitLimits.InitialWindow)
            _budget.Release(_window - CircuitLimits.InitialWindow);
        _window = CircuitLimits.InitialWindow;
    }

    /// <summary>The reader is done with bytes: the other end may send as many more. A window that was spent whole grows.</summary>
    private void HandleConsumed(long count)
    {
        long limit;
        lock (_gate)
        {
            _consumed += count;
            if (_isEnded || _circuit.Kind == CircuitKind.Control || _circuit.Granted - _consumed > _window / 2)
                return;
            if (_circuit.Granted - _circuit.Received < _window / 4 && _window < CircuitLimits.MaxWindow && _budget.TryGrow(_window))
                _window *= 2;
            limit = _consumed + _window;
        }

        _hop.Grant(_circuit, limit);
    }
}
