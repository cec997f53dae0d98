using System.Net;
using System.Net.Sockets;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.Primitives;
using Crust.Tcp;

namespace Crust.Nat.Behavior.Driver;

/// <summary>
/// Probes by TCP: dials from the listening port, and from fresh ones. Connections end with a reset, so that none of them keeps the way from a port to a server
/// in TIME_WAIT. Only where the system lets a port dial that listens (Linux). Filtering is the server's to tell: it dials back (<see cref="StunTcpServer"/>).
/// </summary>
internal sealed class TcpNatProber(IPEndPoint own, TimeProvider timeProvider) : INatProber
{
    /// <summary>How long a probe may take: a lost SYN is sent again after 1 s; a server that dials back waits 1 s.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2.5);

    private readonly Dictionary<int, Socket> _fresh = [];
    private readonly Lock _gate = new();

    public async Task<NatProbeResult> ProbeAsync(NatProbe probe, CancellationToken cancellationToken)
    {
        if (probe.Kind == NatProbeKind.Hairpin || !PortReuse.IsSupported)
            return new NatProbeResult(NatProbeOutcome.NotSent);
        using var timeout = new CancellationTokenSource(Timeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var local = default(TransportAddress);
        try
        {
            using var listener = probe.Kind == NatProbeKind.Filtering ? Listen(probe.Server) : null;
            var port = listener is not null ? ((IPEndPoint)listener.LocalEndPoint!).Port : probe.Socket == 0 ? own.Port : PortOf(probe);
            var remote = probe.Server.ToIPEndPoint();
            using var socket = PortReuse.Bind(new IPEndPoint(own.Address, port), remote.AddressFamily);
            socket.NoDelay = true;
            if (await TcpDial.ConnectAsync(socket, remote, either.Token).ConfigureAwait(false) is var outcome and not SocketError.Success)
                return Failure(outcome, local);
            socket.LingerState = new LingerOption(true, 0);
            local = TransportAddress.From((IPEndPoint)socket.LocalEndPoint!);
            var transaction = StunDispatcher.NewTransaction();
            await socket.SendAsync(StunRequest.Write(transaction, probe.Change), either.Token).ConfigureAwait(false);
            return await ReadAsync(socket, transaction, local, probe, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new NatProbeResult(NatProbeOutcome.Silence, local);
        }
        catch (SocketException e)
        {
            return Failure(e.SocketErrorCode, local);
        }
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

    private static NatProbeResult Failure(SocketError error, TransportAddress local)
    {
        var isOurs = error is SocketError.AddressAlreadyInUse or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.NetworkUnreachable or SocketError.TooManyOpenSockets;
        return new NatProbeResult(isOurs ? NatProbeOutcome.NotSent : NatProbeOutcome.Silence, local);
    }

    /// <summary>A port for each of the machine's sockets, held by one that never connects.</summary>
    private int PortOf(NatProbe probe)
    {
        lock (_gate)
        {
            if (!_fresh.TryGetValue(probe.Socket, out var socket))
                _fresh[probe.Socket] = socket = PortReuse.Bind(new IPEndPoint(own.Address, 0), probe.Server.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6);
            return ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
    }

    private static async Task<NatProbeResult> ReadAsync(Socket socket, StunTransactionId transaction, TransportAddress local, NatProbe probe, CancellationToken cancellationToken)
    {
        var buffer = new byte[StunHeader.MaxMessageLength];
        var filled = 0;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            if (received == 0)
                return new NatProbeResult(NatProbeOutcome.Silence, local);
            filled += received;
            if (filled < StunHeader.Length)
                continue;
            if (!StunHeader.TryGetMessageLength(buffer, out var length))
                return new NatProbeResult(NatProbeOutcome.Silence, local);
            if (filled >= length)
                return Judge(buffer.AsSpan(0, length), transaction, local, probe);
        }
    }

    private static NatProbeResult Judge(ReadOnlySpan<byte> message, StunTransactionId transaction, TransportAddress local, NatProbe probe)
    {
        if (!StunMessage.TryParse(message, out var parsed) || parsed.Transaction != transaction || !StunBinding.TryRead(parsed, out var binding))
            return new NatProbeResult(NatProbeOutcome.Silence, local);
        return binding.ErrorCode switch
        {
            0 => new NatProbeResult(NatProbeOutcome.Answered, local, binding.Mapped, binding.Other),
            // The server dialled, and nobody was there: as good as an answer that did not get in.
            StunTcpServer.ConnectionFailed when probe.Kind == NatProbeKind.Filtering => new NatProbeResult(NatProbeOutcome.Silence, local),
            _ => new NatProbeResult(NatProbeOutcome.Refused, local),
        };
    }

    /// <summary>What the server's dial meets, if it gets in.</summary>
    private Socket Listen(TransportAddress server)
    {
        var listener = new Socket(server.IsIPv4 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(Any(server), 0));
            listener.Listen(2);
            _ = PortReuse.TryAllow(listener);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>The address that is listened on, where it is one of the server's family; else all of that family.</summary>
    private IPAddress Any(TransportAddress server)
    {
        var isWildcard = own.Address.Equals(IPAddress.Any) || own.Address.Equals(IPAddress.IPv6Any);
        return !isWildcard ? own.Address : server.IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any;
    }
}
