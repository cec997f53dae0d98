using System.Net;
using System.Net.Sockets;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.PeerProtocol;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Utp.Driver;

namespace Crust.Nat.HolePunching.Driver;

/// <summary>
/// Runs one <see cref="PunchMachine"/> over the node's µTP socket and others that it binds: one lock and one timer around it. Messages come from the sockets' threads, the
/// remote's words from the session. Thread safe. Owns the sockets that it bound; one with a link lives as long as that.
/// </summary>
internal sealed class PunchAttempt : IStunResponseHandler, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly ISignalling _talk;
    private readonly UtpTransport _transport;
    private readonly IStunRequestHandler _checks;
    private readonly MonotonicClock _clock;
    private readonly PunchMachine _machine;
    private readonly MachineTimer _timer;
    private readonly List<(UtpPump Pump, StunDispatcher Stun)> _sockets = [];
    private readonly Dictionary<StunDispatcher, int> _numbers = [];
    private readonly List<(StunDispatcher Stun, StunTransactionId Transaction)> _expected = [];
    private readonly HashSet<StunTransactionId> _awaited = [];
    private readonly TaskCompletionSource<PunchOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[PunchMachine.MaxTransmitLength];
    private readonly byte[] _id;
    private bool _isDisposed;

    internal PunchAttempt(
        ISignalling talk, PunchSetup setup, UtpTransport transport, UtpPump main, IStunRequestHandler checks, MonotonicClock clock)
    {
        (_talk, _transport, _checks, _clock, _id) = (talk, transport, checks, clock, setup.AttemptId);
        IsInitiator = setup.IsInitiator;
        _timer = new MachineTimer(clock, OnTimer);
        Add(main);
        _machine = new PunchMachine(setup, clock.Now);
    }

    internal bool IsInitiator { get; }

    /// <summary>The attempt's id.</summary>
    internal ReadOnlySpan<byte> Id => _id;

    /// <summary>What became of it; never faults.</summary>
    internal Task<PunchOutcome> Outcome => _outcome.Task;

    /// <summary>Asks whether a spray towards an address may be, off the socket's thread. Set before <see cref="Start"/>.</summary>
    internal Func<IPAddress, Task<SprayVerdict>> AskSpray { get; init; } = static _ => Task.FromResult(SprayVerdict.NotAttested);

    /// <summary>Told at once when a pair is nominated, under the attempt's lock: the remote may dial at any moment. Set before <see cref="Start"/>.</summary>
    internal Action<UtpPump, TransportAddress> Nominated { get; init; } = static (_, _) => { };

    /// <summary>The machine's glance at itself: phase, strategy, times. Not while it may still run.</summary>
    internal PunchMachine Machine => _machine;

    /// <summary>Whether the remote's answer has not come yet.</summary>
    internal bool IsUnanswered
    {
        get
        {
            lock (_gate)
                return IsInitiator && _machine.Remote is null;
        }
    }

    internal void Start() => Act(static (_, _) => { });

    /// <summary>The remote's description came.</summary>
    internal void HandleDescription(PunchDescription description) => Act((machine, now) => machine.HandleDescription(description, now));

    /// <summary>Gives it up.</summary>
    internal void Cancel(PunchFailure why) => Act((machine, _) => machine.Cancel(why));

    /// <summary>A check came in; false when it is not of this attempt, whatever it says.</summary>
    internal bool HandleRequest(StunDispatcher socket, StunMessage request, TransportAddress remote)
    {
        lock (_gate)
        {
            if (_isDisposed || !_numbers.TryGetValue(socket, out var number))
                return false;
            var isOurs = _machine.Handle(request, number, remote, _clock.Now);
            Drain();
            return isOurs;
        }
    }

    public void HandleResponse(StunDispatcher socket, StunMessage response, TransportAddress remote)
    {
        lock (_gate)
        {
            if (_isDisposed || !_numbers.TryGetValue(socket, out var number))
                return;
            _machine.Handle(response, number, remote, _clock.Now);
            Drain();
        }
    }

    public async ValueTask DisposeAsync()
    {
        List<UtpPump> bound;
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            _outcome.TrySetResult(new PunchOutcome(PunchFailure.Cancelled));
            foreach (var (stun, transaction) in _expected)
                stun.Forget(transaction);
            bound = [.. _sockets.Skip(1).Select(static s => s.Pump)];
            _machine.Dispose();
        }

        foreach (var pump in bound)
            pump.StopAccepting();

        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private void Act(Action<PunchMachine, Instant> action)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            action(_machine, _clock.Now);
            Drain();
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _timer.WentOff();
            _machine.HandleTimeout(_clock.Now);
            Drain();
        }
    }

    /// <summary>Sends what there is to send, does what is asked, sets the timer. Under the lock.</summary>
    private void Drain()
    {
        bool any;
        do
        {
            any = false;
            while (_machine.PollTransmit(_buffer, _clock.Now, out var transmit))
            {
                any = true;
                Send(transmit);
            }

            while (_machine.PollEvent(out var happened))
            {
                any = true;
                Take(happened);
            }
        }
        while (any);

        _timer.SetTo(_machine.PollTimeout());
    }

    private void Send(in PunchTransmit transmit)
    {
        var (pump, stun) = _sockets[transmit.Socket];
        if (transmit.Transaction is { } transaction && _awaited.Add(transaction) && stun.TryExpect(transaction, transmit.Remote, this))
            _expected.Add((stun, transaction));
        var datagram = _buffer.AsSpan(0, transmit.Length);
        if (transmit.Hops > 0)
            pump.SendShort(datagram, transmit.Remote, transmit.Hops);
        else
            stun.TrySend(datagram, transmit.Remote);
    }

    private void Take(in PunchEvent happened)
    {
        switch (happened.Kind)
        {
            case PunchEventKind.Describe:
                if (!_talk.TrySignal(PunchTalk.Protocol, PunchTalk.WriteSide(_id, _machine.Local!, PunchProtocol.PunchUdp, IsInitiator)))
                    _machine.Cancel(PunchFailure.Cancelled);
                break;
            case PunchEventKind.OpenSockets:
                var count = happened.Count;
                _ = Task.Run(() => OpenSockets(count));
                break;
            case PunchEventKind.SprayWanted:
                var target = happened.Remote.ToIPEndPoint().Address;
                _ = Task.Run(() => AskAsync(target));
                break;
            case PunchEventKind.Nominated:
                Nominated(_sockets[happened.Socket].Pump, happened.Remote);
                _outcome.TrySetResult(new PunchOutcome(PunchFailure.None, _sockets[happened.Socket].Pump, happened.Remote));
                break;
            default:
                _outcome.TrySetResult(new PunchOutcome(happened.Failure));
                break;
        }
    }

    /// <summary>Off the sockets' threads: binding hundreds takes a while.</summary>
    private void OpenSockets(int count)
    {
        var bound = new List<UtpPump>(count);
        try
        {
            while (bound.Count < count && !_outcome.Task.IsCompleted)
                bound.Add(_transport.BindBeside());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Fewer must do.
        }

        lock (_gate)
        {
            if (!_isDisposed)
            {
                foreach (var pump in bound)
                    Add(pump);
                ushort[] ports = [.. bound.Select(static pump => (ushort)pump.LocalEndPoint.Port)];
                _machine.HandleSockets(ports, _clock.Now);
                Drain();
                return;
            }
        }

        bound.ForEach(static pump => pump.StopAccepting());
    }

    private async Task AskAsync(IPAddress target)
    {
        var verdict = await AskSpray(target).ConfigureAwait(false);
        Act((machine, now) => machine.HandleSprayVerdict(verdict, now));
    }

    private void Add(UtpPump pump)
    {
        var stun = StunDispatcher.Of(pump.Socket);
        stun.Checks = _checks;
        _numbers[stun] = _sockets.Count;
        _sockets.Add((pump, stun));
    }
}
