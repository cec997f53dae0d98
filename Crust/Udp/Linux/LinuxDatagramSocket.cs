using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Udp.Linux;

/// <summary>
/// A UDP socket served by one of the process's few <see cref="Poller"/> threads: it owns neither thread nor buffer. The descriptor outlives
/// every call that uses it, because calls take the handle and not the number.
/// </summary>
internal sealed class LinuxDatagramSocket : IDatagramSocket
{
    /// <summary>After ENOBUFS, which tells of an interface's queue: when to try again. Ours: what 1 Mbit/s takes for one datagram, and some.</summary>
    private static readonly TimeSpan CongestionPause = TimeSpan.FromMilliseconds(1);

    /// <summary>Calls of recvmmsg before other sockets have their turn.</summary>
    private const int MaxBatchesInTurn = 4;

    private readonly Socket _socket;
    private readonly DatagramSender _sender;
    private readonly bool _joins;
    private Poller? _poller;
    private IDatagramHandler? _handler;
    private volatile bool _isCongested;
    private volatile bool _isDisposed;

    /// <param name="socket">Bound, not blocking. Owned from now on.</param>
    /// <param name="kind">The fastest way to try.</param>
    internal LinuxDatagramSocket(Socket socket, DatagramSocketKind kind)
    {
        _socket = socket;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        LinuxSettings.ReceiveErrors(socket);
        _joins = kind == DatagramSocketKind.Segmented && LinuxSettings.JoinSegments(socket);
        var way = kind == DatagramSocketKind.Segmented && !LinuxSettings.TakesSegments(socket) ? DatagramSocketKind.Batched : kind;
        _sender = new DatagramSender(socket.SafeHandle, socket.AddressFamily, way);
    }

    /// <summary>Whether this process runs where the layouts of this room hold.</summary>
    internal static bool IsSupported => OperatingSystem.IsLinux() && BitConverter.IsLittleEndian
        && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64 or Architecture.RiscV64;

    public IPEndPoint LocalEndPoint { get; }

    public bool SendsTrains => _sender.Kind == DatagramSocketKind.Segmented;

    /// <summary>The way of sending that is left after what the kernel refused.</summary>
    internal DatagramSocketKind Kind => _sender.Kind;

    /// <summary>The poller's: under what number it knows the socket.</summary>
    internal long PollKey { get; set; }

    /// <summary>The wake heap's: the place in it plus one; 0 while it is not there.</summary>
    internal int WakePlace { get; set; }

    /// <summary>The wake heap's: when, in nanoseconds of the monotonic clock.</summary>
    internal long WakeAt { get; set; }

    public void Start(IDatagramHandler handler)
    {
        _handler = handler;
        _poller = Poller.Next();
        _poller.Add(this, _socket.SafeHandle);
    }

    public DatagramSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentLength, TransportAddress remote, out int sent)
    {
        var status = _sender.Send(datagrams, segmentLength, remote, out sent, out var error);
        if (status == DatagramSendStatus.Full)
            WaitForRoom(error);
        return status;
    }

    public bool TrySend(GatherList datagrams, int segmentLength, TransportAddress remote) => _sender.TrySend(datagrams, segmentLength, remote);

    public DatagramSendStatus SendProbe(ReadOnlySpan<byte> datagram, TransportAddress remote)
    {
        // Probes are rare: two calls more are cheaper than a socket of their own, which a NAT would map elsewhere.
        try
        {
            LinuxSettings.ForbidFragments(_socket, true);
            var status = _sender.Send(datagram, datagram.Length, remote, out _, out _);
            LinuxSettings.ForbidFragments(_socket, false);
            // One that finds no room is lost, as probes may be.
            return status == DatagramSendStatus.Full ? DatagramSendStatus.Sent : status;
        }
        catch (ObjectDisposedException)
        {
            return DatagramSendStatus.Closed;
        }
    }

    public DatagramSendStatus SendShort(ReadOnlySpan<byte> datagram, TransportAddress remote, int hops)
    {
        try
        {
            if (!SocketSettings.TrySetHops(_socket, hops))
                return DatagramSendStatus.Unreachable;
            var status = _sender.Send(datagram, datagram.Length, remote, out _, out _);
            SocketSettings.TrySetHops(_socket, SocketSettings.UsualHops);
            return status == DatagramSendStatus.Full ? DatagramSendStatus.Sent : status;
        }
        catch (ObjectDisposedException)
        {
            return DatagramSendStatus.Closed;
        }
    }

    public void WakeAfter(TimeSpan delay) => _poller?.WakeAfter(this, _isCongested && delay > CongestionPause ? CongestionPause : delay);

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _poller?.Remove(this, _socket.SafeHandle);
        _socket.Dispose();
    }

    /// <summary>The poller's thread: the socket is ready for something.</summary>
    internal void HandleReady(uint events, Receiver receiver)
    {
        if (_isDisposed)
            return;
        try
        {
            if ((events & LibC.PollError) != 0)
                receiver.ReceiveErrors(_socket.SafeHandle, _handler!);
            if ((events & LibC.PollOut) != 0)
            {
                _poller!.AwaitRoom(this, _socket.SafeHandle, awaits: false);
                _handler!.HandleWritable();
            }

            // An error that found no room in the queue of errors is told, and cleared, by the next receive alone.
            if ((events & (LibC.PollIn | LibC.PollError)) == 0)
                return;
            for (var i = 0; i < MaxBatchesInTurn && !_isDisposed && receiver.TryReceive(_socket.SafeHandle, _joins, out var isDrained); i++)
            {
                _handler!.HandleReceived(receiver.Batch);
                if (isDrained)
                    return;
            }
        }
        catch (ObjectDisposedException) when (_isDisposed)
        {
            // Closed on another thread between two calls.
        }
#pragma warning disable CA1031 // The thread serves others too: one socket's failure stays its own.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    /// <summary>The poller's thread: its time has come.</summary>
    internal void HandleWake()
    {
        if (_isDisposed)
            return;
        try
        {
            if (_isCongested)
            {
                _isCongested = false;
                _handler!.HandleWritable();
            }

            _handler!.HandleWake();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private void WaitForRoom(ErrorNumber error)
    {
        if (_poller is not { } poller || _isDisposed)
            return;
        if (error == ErrorNumber.WouldBlock)
        {
            poller.AwaitRoom(this, _socket.SafeHandle, awaits: true);
            return;
        }

        _isCongested = true;
        poller.WakeAfter(this, CongestionPause);
    }

    private void Fail(Exception e)
    {
        if (_isDisposed)
            return;
        _poller!.Remove(this, _socket.SafeHandle);
        _handler!.HandleFailure(e);
    }
}
