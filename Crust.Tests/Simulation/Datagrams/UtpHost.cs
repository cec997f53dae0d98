using System.Buffers.Binary;
using Crust.Buffers;
using Crust.Primitives;
using Crust.Utp;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>
/// A host with one address and the product's µTP endpoint behind it, unmodified: what a driver does with sockets and threads, here by events. Datagrams
/// that arrive at the same moment are one batch.
/// </summary>
internal sealed class UtpHost : IDatagramReceiver
{
    private const int HeaderLength = 20;

    private readonly DatagramNetwork _network;
    private readonly World _world;
    private readonly byte[] _train = new byte[UtpEndpoint.TransmitBufferLength];
    private readonly GatherList _gathered = new();
    private readonly Stack<long> _armed = new();
    private readonly Action _pump;
    private readonly Action _tick;
    private readonly UtpOptions _options;
    private UtpEndpoint _endpoint;
    private ushort _arriving;
    private int _believedLength;
    private Instant _believedUntil;
    private bool _isPumpDue;
    private bool _isPumping;

    internal UtpHost(DatagramNetwork network, TransportAddress address, UtpOptions options, HostClock clock)
    {
        (_network, Address, _options, Clock, _world) = (network, address, options, clock, network.World);
        (_pump, _tick) = (Pump, Tick);
        _endpoint = NewEndpoint();
        network.Attach(address, this);
    }

    internal TransportAddress Address { get; private set; }

    internal HostClock Clock { get; }

    internal UtpEndpoint Endpoint => _endpoint;

    /// <summary>Who uses a connection that a remote made, whose SYN had this connection id. Null: it is aborted.</summary>
    internal Func<UtpConnection, ushort, IUtpUser?> Accept { get; set; } = (_, _) => null;

    /// <summary>Sees every datagram that is sent.</summary>
    internal Action<TransportAddress, ReadOnlyMemory<byte>>? OnSend { get; set; }

    /// <summary>Datagrams that were sent.</summary>
    internal long Sent { get; private set; }

    /// <summary>Begins a connection; the SYN has this connection id unless the remote has it already.</summary>
    internal UtpConnection Connect(TransportAddress remote, ushort connectionId, IUtpUser user)
    {
        var connection = _endpoint.Connect(remote, connectionId, (ushort)_world.Random.Next(1 << 16), Clock.Now);
        connection.Owner = user;
        Wake();
        return connection;
    }

    /// <summary>After calls on a connection: what they caused happens right after the event that happens now.</summary>
    internal void Wake()
    {
        if (_isPumpDue || _isPumping)
            return;
        _isPumpDue = true;
        _world.Soon(_pump);
    }

    /// <inheritdoc/>
    public void Arrived(ReadOnlySpan<byte> bytes, TransportAddress from)
    {
        _arriving = bytes.Length >= HeaderLength ? BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) : (ushort)0;
        _endpoint.Handle(bytes, from, Clock.Now);
        // Who began a connection is told by the datagram that opened it.
        Dispatch();
        Wake();
    }

    /// <summary>Somebody sends an ICMP message in the name of a router: nobody is there. The kernel passes it on, as the addresses and ports in it fit.</summary>
    internal void BelieveUnreachable(TransportAddress remote)
    {
        _endpoint.HandleUnreachable(remote, Clock.Now);
        Dispatch();
        Wake();
    }

    /// <summary>The same, that a path takes no more than this: the kernel refuses what is longer, for a while.</summary>
    internal void BelieveTooLong(int length, Instant until) => (_believedLength, _believedUntil) = (length, until);

    /// <summary>Goes on at another address; what is sent to the old one is lost.</summary>
    internal void Move(TransportAddress address)
    {
        _network.Detach(Address);
        Address = address;
        _network.Attach(address, this);
    }

    /// <summary>The process is gone, and a new one has the address: nobody is told.</summary>
    internal void Restart() => _endpoint = NewEndpoint();

    private UtpEndpoint NewEndpoint()
    {
        Span<byte> key = stackalloc byte[32];
        _world.Random.Fill(key);
        return new UtpEndpoint(_options, key);
    }

    private void Pump()
    {
        _isPumpDue = false;
        _isPumping = true;
        do
        {
            while (_endpoint.PollTransmit(_train, _gathered, Clock.Now, out var transmit))
            {
                if (transmit.IsGathered)
                    _gathered.CopyTo(_train);
                Send(transmit);
            }
        }
        while (Dispatch());

        _isPumping = false;
        Arm();
    }

    private void Send(in UtpTransmit transmit)
    {
        for (var start = 0; start < transmit.Length; start += transmit.SegmentLength)
        {
            var length = Math.Min(transmit.SegmentLength, transmit.Length - start);
            if (length > _believedLength && _world.Now < _believedUntil)
            {
                _endpoint.HandleTooLong(transmit, length, Clock.Now);
                continue;
            }

            Sent++;
            OnSend?.Invoke(transmit.Remote, _train.AsMemory(start, length));
            _network.Send(Address, transmit.Remote, _train.AsSpan(start, length));
        }
    }

    /// <summary>Tells users what happened; false when nothing did.</summary>
    private bool Dispatch()
    {
        var any = false;
        while (_endpoint.PollEvent(out var happened))
        {
            any = true;
            var connection = happened.Connection;
            if (happened.Kind == UtpEventKind.Accepted && connection.Owner is null)
            {
                connection.Owner = Accept(connection, unchecked((ushort)(_arriving - 1)));
                if (connection.Owner is null)
                    connection.Abort();
            }

            if (connection.Owner is not IUtpUser user)
                continue;
            switch (happened.Kind)
            {
                case UtpEventKind.Connected:
                    user.Connected();
                    break;
                case UtpEventKind.Readable:
                    user.Readable();
                    break;
                case UtpEventKind.Writable:
                    user.Writable();
                    break;
                case UtpEventKind.Ended:
                    user.Ended();
                    break;
            }
        }

        return any;
    }

    private void Arm()
    {
        if (_endpoint.PollTimeout() is not { } local)
            return;
        var due = Math.Max(Clock.ToWorld(local).Microseconds, _world.Now.Microseconds + 1);
        if (_armed.TryPeek(out var earliest) && earliest <= due)
            return;
        _armed.Push(due);
        _world.At(new Instant(due), _tick);
    }

    private void Tick()
    {
        _armed.Pop();
        _endpoint.HandleTimeout(Clock.Now);
        Pump();
    }
}
