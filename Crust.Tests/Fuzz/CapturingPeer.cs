using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;
using Crust.Identity;
using Crust.Noise;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Session.Frames;
using Crust.Session.Handshakes;
using Crust.Session.Links;
using Crust.Session.Records;
using Crust.Session.Streams;

namespace Crust.Tests.Fuzz;

/// <summary>The other end of a real node's session, which writes down all that goes over the link: the handshake, then every record's plaintext.</summary>
internal sealed class CapturingPeer : IAsyncDisposable
{
    /// <summary>What all handshakes of the recorder draw, so that a test can take its place.</summary>
    internal static readonly byte[] Randomness = [.. Enumerable.Repeat((byte)0x33, HandshakeRandomness.Length)];

    internal static readonly NetworkId Network = NetworkId.FromName(NetworkId.DefaultName);

    private static TimeSpan _skipped;

    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    private readonly List<Capture> _captures;
    private readonly TcpClient _socket;
    private readonly HandshakeResult _result;
    private readonly RecordSealer _sealer;
    private readonly RecordOpener _opener;
    private readonly Channel<byte[]> _incoming = Channel.CreateUnbounded<byte[]>();
    private readonly Task _reading;
    private readonly SessionLink _link;

    private CapturingPeer(List<Capture> captures, TcpClient socket, PeerIdentity identity, HandshakeResult result)
    {
        (_captures, _socket, _result) = (captures, socket, result);
        _sealer = new RecordSealer(result.Suite, result.SendKey, default);
        _opener = new RecordOpener(result.Suite, result.ReceiveKey);
        Machine = new SessionMachine(
            new SessionParameters(
                identity, result.Remote, Network, result.SessionId.ToByteArray(), result.SaltSecret, result.SendSigned, result.ReceiveSigned, SessionLimits.Default),
            Now);
        _link = Machine.AddLink(LinkRank.Direct, result.PromisedGeneration, Now);
        _reading = ReadAsync();
    }

    internal SessionMachine Machine { get; }

    /// <summary>The recorder's time; the node has its own.</summary>
    internal static Instant Now => new Instant(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000)) + _skipped;

    /// <summary>Lets time pass for the recorder.</summary>
    internal static void Skip(TimeSpan time) => _skipped += time;

    /// <param name="node">Whom to.</param>
    /// <param name="identity">Whose the session is.</param>
    /// <param name="captures">Where all of it is written.</param>
    /// <param name="first">Frames of the first record, to which the node says something; null for what the session says of itself.</param>
    internal static async Task<CapturingPeer> ConnectAsync(CrustNode node, PeerIdentity identity, List<Capture> captures, byte[]? first = null)
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(node.Addresses[0].EndPoint);
        var offer = new HandshakeTerms(identity.Id, signs: true, requiresSignatures: false, allowAegis128L: false)
            .Offer(new SessionNonces(SessionNonce.FromBytes([.. Enumerable.Repeat((byte)0x44, SessionNonce.Length)]), null));
        var payload = Payload(span => HandshakePayload.Write(offer, span));
        using var handshake = new InitiatorHandshake(identity, node.Id, Network, offer, HandshakeRandomness.FromBytes(Randomness));
        var message1 = new byte[RecordHeader.MaxHandshakeLength];
        message1 = message1[..handshake.WriteMessage1(message1)];
        await WriteUnitAsync(socket, RecordType.HandshakeMessage1, message1);
        var (_, message2) = await ReadUnitAsync(socket) ?? throw new InvalidDataException("No answer.");
        if (!handshake.TryReadMessage2(message2, out var result))
            throw new InvalidDataException("Not the answer.");
        captures.Add(new Capture(CaptureKind.Payload1, payload));
        captures.Add(new Capture(CaptureKind.Message2, message2));
        captures.Add(new Capture(CaptureKind.Payload2, ReadPayload2(identity, node.Id, payload, message2)));
        captures.Add(new Capture(CaptureKind.Session, [.. result!.SessionId.ToByteArray(), .. result.SaltSecret]));
        var peer = new CapturingPeer(captures, socket, identity, result);
        if (first is not null)
        {
            await peer.SendAsync(first);
            await peer.TakeAsync(CancellationToken.None);
        }

        // Any record confirms the handshake; the machine's first one nominates the link, or takes up the promise.
        await peer.PumpAsync();
        return peer;
    }

    internal static byte[] Payload(Func<Span<byte>, int> write)
    {
        var buffer = new byte[HandshakePayload.MaxLength];
        return buffer[..write(buffer)];
    }

    /// <summary>The body of the next wire unit, with its type; null when there is none.</summary>
    internal static async Task<(RecordHeader Header, byte[] Body)?> ReadUnitAsync(TcpClient socket)
    {
        try
        {
            var head = new byte[RecordHeader.Length];
            await socket.GetStream().ReadExactlyAsync(head);
            var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head) & 0xFFFFFF];
            await socket.GetStream().ReadExactlyAsync(body);
            return RecordHeader.TryRead(head, out var header) ? (header, body) : null;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Exchanges records until both ends are silent, and answers what the node begins.</summary>
    internal async Task PumpAsync(int recordLength = 1024)
    {
        while (true)
        {
            Answer();
            await WriteAsync(recordLength);
            using var quiet = new CancellationTokenSource(Quiet);
            try
            {
                await TakeAsync(quiet.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
            {
                Machine.HandleTimeout(Now);
                if (!Machine.HasWork(_link) || Machine.IsClosed)
                    return;
            }
        }
    }

    /// <summary>Writes one record, whatever else is to be written.</summary>
    internal async Task WriteOneAsync(int recordLength)
    {
        var buffer = new byte[recordLength];
        if (Machine.PollRecord(_link, buffer, Now, (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) is > 0 and var length)
            await SendAsync(buffer[..length]);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
        _sealer.Dispose();
        _opener.Dispose();
        _result.Dispose();
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        var record = await _incoming.Reader.ReadAsync(cancellationToken);
        _captures.Add(new Capture(CaptureKind.FromNode, record));
        Machine.Handle(_link, record, Now);
    }

    private async Task WriteAsync(int recordLength)
    {
        var buffer = new byte[recordLength];
        while (Machine.PollRecord(_link, buffer, Now, (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) is > 0 and var length)
            await SendAsync(buffer[..length]);
    }

    private async Task SendAsync(byte[] plaintext)
    {
        _captures.Add(new Capture(CaptureKind.ToNode, plaintext));
        var unit = new byte[plaintext.Length + RecordSealer.Overhead(_result.Suite)];
        _sealer.Seal(plaintext, unit, default);
        await _socket.GetStream().WriteAsync(unit);
    }

    private static async Task WriteUnitAsync(TcpClient socket, RecordType type, byte[] body)
    {
        var head = new byte[RecordHeader.Length];
        new RecordHeader(type, body.Length).Write(head);
        await socket.GetStream().WriteAsync((byte[])[.. head, .. body]);
    }

    /// <summary>What message 2 says, read by a second Noise state of the same keys: the handshake itself keeps it to itself.</summary>
    private static byte[] ReadPayload2(PeerIdentity identity, PeerId remote, byte[] payload1, byte[] message2)
    {
        var remoteStatic = new byte[32];
        AgreementKeyCache.TryConvertUncached(remote, remoteStatic);
        using var randomness = HandshakeRandomness.FromBytes(Randomness);
        using var state = new HandshakeState(HandshakePattern.IKhfs, isInitiator: true, HandshakePrologue.Build(Network, remote), new HandshakeKeys
        {
            StaticSecret = identity.AgreementSecret,
            StaticPublic = identity.AgreementPublic,
            RemoteStatic = remoteStatic,
            EphemeralSecret = randomness.EphemeralSecret,
            KemSeed = randomness.KemSeed,
        });
        var payload = new byte[RecordHeader.MaxHandshakeLength];
        return state.TryWriteMessage(payload1, new byte[RecordHeader.MaxHandshakeLength], out _) && state.TryReadMessage(message2, payload, out var length)
            ? payload[..length]
            : throw new InvalidDataException("Message 2 does not open again.");
    }

    private async Task ReadAsync()
    {
        while (await ReadUnitAsync(_socket) is { } unit)
        {
            var plaintext = new byte[unit.Body.Length];
            if (!_opener.TryOpen(unit.Header, unit.Body, plaintext, out var length))
                break;
            await _incoming.Writer.WriteAsync(plaintext[..length]);
        }

        _incoming.Writer.Complete();
    }

    /// <summary>An application that reads everything, refuses a protocol and answers streams in three bytes.</summary>
    private void Answer()
    {
        while (Machine.PollEvent(out var e))
        {
            switch (e.Kind)
            {
                case SessionEventKind.MessageReceived:
                    if (e.Protocol == CorpusRecorder.Nobody)
                        Machine.Refuse(e.Number, (int)RefuseCode.UnknownProtocol);
                    Machine.MessageConsumed(e.Payload, Now);
                    break;
                case SessionEventKind.DatagramReceived:
                    Machine.DatagramConsumed(e.Payload);
                    break;
                case SessionEventKind.StreamData:
                    Machine.StreamConsumed(e.Stream!, e.Payload, Now);
                    break;
                case SessionEventKind.StreamFinished when e.Stream is { IsOurs: false } stream:
                    Machine.Write(stream, [1, 2, 3], Now);
                    Machine.Finish(stream, Now);
                    break;
            }
        }
    }
}
