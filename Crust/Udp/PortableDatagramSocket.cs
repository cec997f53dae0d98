using System.Net;
using System.Net.Sockets;
using Crust.Buffers;
using Crust.Primitives;

namespace Crust.Udp;

/// <summary>
/// A UDP socket by .NET alone, for other systems: a receiving loop and a timer of its own, and a buffer while it is open. Wake times are as
/// coarse as the system's timers.
/// </summary>
internal sealed class PortableDatagramSocket : IDatagramSocket
{
    /// <summary>Received before the handler is called. Ours: some datagrams of Ethernet's length, and always room for a long one.</summary>
    private const int BufferLength = 64 * 1024;

    /// <summary>Room for the longest datagram of a jumbo frame; a longer one is cut off and dropped.</summary>
    private const int MaxDatagramLength = 9 * 1024;

    private const int MaxTrains = 64;

    /// <summary>After a full kernel buffer: when to try again.</summary>
    private static readonly TimeSpan CongestionPause = TimeSpan.FromMilliseconds(1);

    private readonly Socket _socket;
    private readonly DatagramBatch _batch = new(BufferLength, MaxTrains);
    private readonly Timer _wake;
    private readonly Timer _writable;
    private IDatagramHandler? _handler;
    private volatile bool _isDisposed;

    /// <summary>The loop, for whoever looks at a dump: it ends with the socket.</summary>
    private Task _receiving = Task.CompletedTask;

    /// <param name="socket">Bound, not blocking. Owned from now on.</param>
    internal PortableDatagramSocket(Socket socket)
    {
        _socket = socket;
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        _wake = new Timer(static s => ((PortableDatagramSocket)s!).Call(static (h, _) => h.HandleWake()), this, Timeout.Infinite, Timeout.Infinite);
        _writable = new Timer(static s => ((PortableDatagramSocket)s!).Call(static (h, _) => h.HandleWritable()), this, Timeout.Infinite, Timeout.Infinite);
    }

    public IPEndPoint LocalEndPoint { get; }

    public bool SendsTrains => false;

    public void Start(IDatagramHandler handler)
    {
        _handler = handler;
        _receiving = Task.Run(ReceiveAsync);
    }

    public DatagramSendStatus Send(ReadOnlySpan<byte> datagrams, int segmentLength, TransportAddress remote, out int sent)
    {
        sent = 0;
        var address = SocketAddresses.From(remote, _socket.AddressFamily);
        if (address is null)
            return DatagramSendStatus.Unreachable;
        try
        {
            while (sent < datagrams.Length)
            {
                var datagram = datagrams.Slice(sent, Math.Min(segmentLength, datagrams.Length - sent));
                _ = _socket.SendTo(datagram, SocketFlags.None, address);
                sent += datagram.Length;
            }

            return DatagramSendStatus.Sent;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.IOPending or SocketError.NoBufferSpaceAvailable)
        {
            Set(_writable, CongestionPause);
            return DatagramSendStatus.Full;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.MessageSize ? DatagramSendStatus.TooLong : DatagramSendStatus.Unreachable;
        }
        catch (ObjectDisposedException)
        {
            return DatagramSendStatus.Closed;
        }
    }

    public bool TrySend(GatherList datagrams, int segmentLength, TransportAddress remote) => false;

    public DatagramSendStatus SendProbe(ReadOnlySpan<byte> datagram, TransportAddress remote)
    {
        try
        {
            ForbidFragments(true);
            var status = Send(datagram, datagram.Length, remote, out _);
            ForbidFragments(false);
            return status;
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
            var status = Send(datagram, datagram.Length, remote, out _);
            SocketSettings.TrySetHops(_socket, SocketSettings.UsualHops);
            return status == DatagramSendStatus.Full ? DatagramSendStatus.Sent : status;
        }
        catch (ObjectDisposedException)
        {
            return DatagramSendStatus.Closed;
        }
    }

    public void WakeAfter(TimeSpan delay) => Set(_wake, delay);

    public void Dispose()
    {
        _isDisposed = true;
        _socket.Dispose();
        _wake.Dispose();
        _writable.Dispose();
    }

    private void ForbidFragments(bool forbids)
    {
        if (OperatingSystem.IsLinux())
            Linux.LinuxSettings.ForbidFragments(_socket, forbids);
        else if (_socket.AddressFamily == AddressFamily.InterNetwork)
            SocketSettings.Try(() => _socket.DontFragment = forbids);
    }

    private static void Set(Timer timer, TimeSpan delay)
    {
        try
        {
            // Rounded up: too early would only have to ask again.
            timer.Change((long)Math.Ceiling(Math.Max(delay.TotalMilliseconds, 0)), Timeout.Infinite);
        }
        catch (ObjectDisposedException)
        {
            // Closed meanwhile: nobody is to be woken.
        }
    }

    private async Task ReceiveAsync()
    {
        var from = new SocketAddress(_socket.AddressFamily);
        while (!_isDisposed)
        {
            try
            {
                _batch.Clear();
                var length = await _socket.ReceiveFromAsync(_batch.Buffer[..MaxDatagramLength], SocketFlags.None, from).ConfigureAwait(false);
                _batch.Add(0, length, length, SocketAddresses.ToTransportAddress(from));
                ReceiveMore(length, from);
            }
            catch (SocketException) when (!_isDisposed)
            {
                // An ICMP error, or a datagram that was cut off: neither is the socket's end. What came before it counts.
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            if (_batch.Count > 0)
                Call(static (h, batch) => h.HandleReceived(batch));
        }
    }

    /// <summary>Takes what is there already.</summary>
    private void ReceiveMore(int offset, SocketAddress from)
    {
        while (_batch.Count < MaxTrains && BufferLength - offset >= MaxDatagramLength && _socket.Available > 0)
        {
            var length = _socket.ReceiveFrom(_batch.Buffer.Span[offset..], SocketFlags.None, from);
            _batch.Add(offset, length, length, SocketAddresses.ToTransportAddress(from));
            offset += length;
        }
    }

    private void Call(Action<IDatagramHandler, DatagramBatch> call)
    {
        if (_isDisposed)
            return;
        try
        {
            call(_handler!, _batch);
        }
#pragma warning disable CA1031 // A timer's or a loop's thread: the failure is told, and the socket falls silent.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_isDisposed)
                return;
            Dispose();
            _handler!.HandleFailure(e);
        }
    }
}
