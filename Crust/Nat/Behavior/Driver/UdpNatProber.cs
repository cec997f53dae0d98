using System.Net;
using System.Net.Sockets;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.Primitives;
using Crust.Transport.Driver;
using Crust.Udp;

namespace Crust.Nat.Behavior.Driver;

/// <summary>Probes by UDP: from the socket that carries µTP, and from fresh ones.</summary>
internal sealed class UdpNatProber(StunDispatcher own, Func<IPEndPoint, DatagramSocketOptions, IDatagramSocket> bind, TimeProvider timeProvider) : INatProber
{
    private readonly Dictionary<int, StunSocket> _fresh = [];
    private readonly Lock _gate = new();

    public async Task<NatProbeResult> ProbeAsync(NatProbe probe, CancellationToken cancellationToken)
    {
        StunDispatcher socket;
        try
        {
            socket = Socket(probe.Socket);
        }
        catch (SocketException)
        {
            return new NatProbeResult(NatProbeOutcome.NotSent);
        }

        if (LocalAddress(socket, probe.Server) is not { } local)
            return new NatProbeResult(NatProbeOutcome.NotSent);
        if (probe.Kind == NatProbeKind.Hairpin)
            return await HairpinAsync(socket, probe, cancellationToken).ConfigureAwait(false);
        var answer = await StunRequest.AskAsync(socket, probe.Server, probe.Source, probe.Change, StunTimers.Quick, timeProvider, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            null => new NatProbeResult(NatProbeOutcome.Silence, local),
            { ErrorCode: not 0 } => new NatProbeResult(NatProbeOutcome.Refused, local),
            { } binding => new NatProbeResult(NatProbeOutcome.Answered, local, binding.Mapped, binding.Other),
        };
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var socket in _fresh.Values)
                socket.Dispose();
            _fresh.Clear();
        }
    }

    /// <summary>A socket bound to one address says which; one bound to all is asked of the routing table.</summary>
    private static TransportAddress? LocalAddress(StunDispatcher socket, TransportAddress server)
    {
        var local = socket.LocalEndPoint;
        return local.Address.Equals(IPAddress.Any) || local.Address.Equals(IPAddress.IPv6Any) ? LocalRoute.Towards(server, local.Port)
            : local.AddressFamily == AddressFamily.InterNetwork == server.IsIPv4 ? TransportAddress.From(local) : null;
    }

    private StunDispatcher Socket(int index)
    {
        if (index == 0)
            return own;
        lock (_gate)
        {
            if (!_fresh.TryGetValue(index, out var socket))
                _fresh[index] = socket = StunSocket.Bind(new IPEndPoint(own.LocalEndPoint.Address, 0), bind);
            return socket.Dispatcher;
        }
    }

    /// <summary>
    /// Both sockets send to where servers saw the other: what filters by sender has been opened then, and what comes in by either is proof. A request of
    /// ours to ourselves: it is recognised by its transaction.
    /// </summary>
    private async Task<NatProbeResult> HairpinAsync(StunDispatcher other, NatProbe probe, CancellationToken cancellationToken)
    {
        var meeting = new HairpinMeeting(StunDispatcher.NewTransaction());
        var message = StunRequest.Write(meeting.Transaction, StunChange.None);
        var timers = StunTimers.Quick;
        var before = own.Server;
        own.Server = meeting;
        other.Server = meeting;
        try
        {
            for (var sent = 1; sent <= timers.MaxRequests; sent++)
            {
                own.TrySend(message, probe.Source);
                other.TrySend(message, probe.Server);
                try
                {
                    await meeting.Met.WaitAsync(timers.WaitAfter(sent), timeProvider, cancellationToken).ConfigureAwait(false);
                    return new NatProbeResult(NatProbeOutcome.Answered);
                }
                catch (TimeoutException)
                {
                    // Once more, or given up.
                }
            }

            return new NatProbeResult(NatProbeOutcome.Silence);
        }
        finally
        {
            own.Server = before;
            other.Server = null;
        }
    }

    /// <summary>Waits for a request that this node sent itself.</summary>
    private sealed class HairpinMeeting(StunTransactionId transaction) : IStunRequestHandler
    {
        private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal StunTransactionId Transaction => transaction;

        internal Task Met => _met.Task;

        public void HandleRequest(StunDispatcher socket, StunMessage request, TransportAddress remote)
        {
            if (request.Transaction == transaction)
                _met.TrySetResult();
        }
    }
}
