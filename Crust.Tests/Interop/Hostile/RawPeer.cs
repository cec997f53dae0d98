using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Crust.Identity;
using Crust.Primitives;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Session.Frames;
using Crust.Session.Handshakes;
using Crust.Session.Records;

namespace Crust.Tests.Interop.Hostile;

/// <summary>A peer of the test's own making: a bare TCP connection that speaks the protocol as far as, and as wrongly as, a test wants.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket;
    private readonly PeerId _target;
    private readonly bool _ownsIdentity;
    private InitiatorHandshake? _handshake;

    private RawPeer(Socket socket, PeerId target, PeerIdentity identity, bool ownsIdentity)
    {
        _ownsIdentity = ownsIdentity;
        _socket = socket;
        _target = target;
        Identity = identity;
        Stream = new NetworkStream(socket, ownsSocket: true);
    }

    internal PeerIdentity Identity { get; }

    internal NetworkStream Stream { get; }

    internal HandshakeResult? Result { get; private set; }

    internal RecordSealer? Sealer { get; private set; }

    internal RecordOpener? Opener { get; private set; }

    internal static Task<RawPeer> ConnectAsync(CrustNode node, int receiveBuffer = 0) =>
        ConnectAsync(node.Addresses[0].EndPoint, node.Id, receiveBuffer);

    /// <summary>With an identity that stays the caller's.</summary>
    internal static Task<RawPeer> ConnectAsync(CrustNode node, PeerIdentity identity) => ConnectAsync(node.Addresses[0].EndPoint, node.Id, identity: identity);

    internal static async Task<RawPeer> ConnectAsync(IPEndPoint endPoint, PeerId target, int receiveBuffer = 0, PeerIdentity? identity = null)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer > 0)
            socket.ReceiveBufferSize = receiveBuffer;
        await socket.ConnectAsync(endPoint);
        return new RawPeer(socket, target, identity ?? PeerIdentity.Create(), identity is null);
    }

    /// <summary>A valid message 1 as it goes over the wire, header first.</summary>
    internal byte[] Message1()
    {
        var terms = new HandshakeTerms(Identity.Id, signs: true, requiresSignatures: false, allowAegis128L: false);
        var offer = terms.Offer(new SessionNonces(SessionNonce.FromBytes(RandomNumberGenerator.GetBytes(SessionNonce.Length)), null));
        _handshake = new InitiatorHandshake(Identity, _target, NetworkId.FromName(NetworkId.DefaultName), offer, HandshakeRandomness.Draw());
        var buffer = new byte[RecordHeader.Length + RecordHeader.MaxHandshakeLength];
        var length = _handshake.WriteMessage1(buffer.AsSpan(RecordHeader.Length));
        new RecordHeader(RecordType.HandshakeMessage1, length).Write(buffer);
        return buffer[..(RecordHeader.Length + length)];
    }

    /// <summary>
    /// The whole handshake. The confirming record makes the link the active one: as the lower id we nominate it, as the higher we take up the promise.
    /// </summary>
    internal async Task HandshakeAsync()
    {
        await Stream.WriteAsync(Message1());
        await ReadMessage2Async();
        await SendAsync([(byte)FrameType.Nominate, (byte)Math.Max(1, Result!.PromisedGeneration)]);
    }

    /// <summary>Reads the answer to <see cref="Message1"/>; false when the connection ended instead.</summary>
    internal async Task<bool> ReadMessage2Async()
    {
        if (await ReadUnitAsync() is not { } answer || !_handshake!.TryReadMessage2(answer.Body, out var result))
            return false;
        Result = result;
        Sealer = new RecordSealer(result!.Suite, result.SendKey, default);
        Opener = new RecordOpener(result.Suite, result.ReceiveKey);
        return true;
    }

    internal async Task SendAsync(byte[] plaintext) => await Stream.WriteAsync(Seal(plaintext));

    internal byte[] Seal(byte[] plaintext)
    {
        var sealedRecord = new byte[plaintext.Length + RecordSealer.Overhead(Result!.Suite)];
        Sealer!.Seal(plaintext, sealedRecord, new Instant(0));
        return sealedRecord;
    }

    /// <summary>The plaintext of the next record; null when the connection ended.</summary>
    internal async Task<byte[]?> ReadRecordAsync()
    {
        if (await ReadUnitAsync() is not { } unit)
            return null;
        var plaintext = new byte[unit.Body.Length];
        return Opener!.TryOpen(unit.Header, unit.Body, plaintext, out var length) ? plaintext[..length] : throw new InvalidDataException("A record did not open.");
    }

    /// <summary>The next header and body; null when the connection ended, in whatever way.</summary>
    internal async Task<(RecordHeader Header, byte[] Body)?> ReadUnitAsync()
    {
        try
        {
            var head = new byte[RecordHeader.Length];
            await Stream.ReadExactlyAsync(head);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) & 0xFFFFFF];
            await Stream.ReadExactlyAsync(body);
            return RecordHeader.TryRead(head, out var header) ? (header, body) : throw new InvalidDataException("Not a wire unit.");
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads and drops everything until the other side closes or resets; what it sent counts, in bytes.</summary>
    internal async Task<long> ReadToEndAsync()
    {
        var total = 0L;
        var buffer = new byte[16 * 1024];
        try
        {
            while (await Stream.ReadAsync(buffer) is > 0 and var read)
                total += read;
        }
        catch (IOException)
        {
            // A reset ends it as well.
        }

        return total;
    }

    /// <summary>Ends our sending side only.</summary>
    internal void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Ends the connection with a reset.</summary>
    internal void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose()
    {
        Stream.Dispose();
        _handshake?.Dispose();
        Sealer?.Dispose();
        Opener?.Dispose();
        Result?.Dispose();
        if (_ownsIdentity)
            Identity.Dispose();
    }
}
