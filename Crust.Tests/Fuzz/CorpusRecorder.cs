using System.Net;
using System.Net.Sockets;
using System.Text;
using Crust.Client;
using Crust.Gateway.Cluster;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Gateway.Server;
using Crust.GatewayProtocol;
using Crust.Grains.Abstractions;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session;
using Crust.Session.Handshakes;
using Crust.Tests.Cluster;
using Crust.Tests.Interop.Files;
using Crust.Tests.Interop.Hostile;
using Crust.Tests.Processes;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Tests.Fuzz;

/// <summary>
/// Makes the corpus of the fuzz tests from real sessions of real nodes over loopback: <c>dotnet run --project Crust.Tests -- --record-corpus FOLDER</c>.
/// </summary>
internal static class CorpusRecorder
{
    internal const string Verb = "--record-corpus";

    /// <summary>A protocol that neither end takes.</summary>
    internal const string Nobody = "nobody";

    internal const string Echo = "echo", Ask = "ask";

    private const string Note = "note", Gram = "gram", Sink = "sink";

    /// <summary>The node that is recorded and the one that records have these keys, one each: which is the lower id, and nominates, is another session.</summary>
    internal static readonly PeerIdentity Lower = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)2, 32)]);

    internal static readonly PeerIdentity Higher = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)1, 32)]);

    internal static string SessionFile(bool nodeIsLower) => nodeIsLower ? "session-lower.bin" : "session-higher.bin";

    internal static async Task<int> RunAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        var evidence = new List<Capture>();
        foreach (var nodeIsLower in new[] { true, false })
        {
            Capture.Write(Path.Combine(folder, SessionFile(nodeIsLower)), await SessionAsync(nodeIsLower, evidence));
            Capture.Write(Path.Combine(folder, HopRecorder.File(nodeIsLower)), await HopRecorder.RecordAsync(nodeIsLower));
        }

        Capture.Write(Path.Combine(folder, "evidence.bin"), evidence);
        Capture.Write(Path.Combine(folder, "dialled.bin"), await DialledAsync());
        Capture.Write(Path.Combine(folder, "gateway.bin"), await GatewayAsync());
        Capture.Write(Path.Combine(folder, "files.bin"), await FilesAsync());
        Capture.Write(Path.Combine(folder, UtpRecorder.File), UtpRecorder.Record());
        foreach (var file in Directory.GetFiles(folder, "*.bin").Order(StringComparer.Ordinal))
            Console.WriteLine($"{Path.GetFileName(file)}: {new FileInfo(file).Length} bytes");
        return 0;
    }

    /// <summary>A session with everything in it: messages of all priorities and lengths, refusals, streams that end in every way, requests, datagrams, goodbye.</summary>
    private static async Task<List<Capture>> SessionAsync(bool nodeIsLower, List<Capture> evidence)
    {
        var captures = new List<Capture>();
        var random = new Random(1);
        await using var node = await Loopback.StartAsync(o => o.Identity = nodeIsLower ? Lower : Higher);
        node.Handle(Note, (message, _) =>
        {
            if (message.Payload.Length < 200 && evidence.Count < 12)
            {
                var signed = message.Export();
                evidence.Add(new Capture(CaptureKind.Evidence, signed.ToBytes()));
                evidence.Add(new Capture(CaptureKind.EvidenceJson, Encoding.UTF8.GetBytes(signed.ToJson())));
            }

            return ValueTask.CompletedTask;
        });
        node.HandleDatagrams(Gram, (_, _) => ValueTask.CompletedTask);
        node.HandleRequests(Ask, (request, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(request.Payload.ToArray()));
        node.HandleStreams(Echo, async (stream, token) =>
        {
            await stream.CopyToAsync(stream, token);
            stream.CompleteWriting();
        });
        // So much that the stream's credit is renewed.
        node.HandleStreams(Sink, async (stream, token) => await stream.CopyToAsync(Stream.Null, token));
        await using var peer = await CapturingPeer.ConnectAsync(node, nodeIsLower ? Higher : Lower, captures);
        var machine = peer.Machine;

        foreach (var (length, priority) in new[] { (0, 0), (1, 1), (100, 2), (700, 3), (150, 1) })
            machine.TrySend(Note, (byte)priority, Bytes(length), [], 1, CapturingPeer.Now);
        machine.TrySend(Nobody, 1, Bytes(3), [], 2, CapturingPeer.Now);
        await peer.PumpAsync();
        machine.TrySend(Note, 3, Bytes(5000), [], 3, CapturingPeer.Now);
        await peer.WriteOneAsync(1024);
        machine.TrySend(Note, 0, Bytes(20), [], 4, CapturingPeer.Now);
        await peer.PumpAsync();

        foreach (var (protocol, length) in new[] { (Echo, 600), (Ask, 100), (Nobody, 200), (Sink, 17_000) })
        {
            var stream = machine.OpenStream(protocol, 1, CapturingPeer.Now, out _)!;
            machine.Write(stream, Bytes(length), CapturingPeer.Now);
            // A stream that has ended is given no credit any more.
            if (protocol == Sink)
                await peer.PumpAsync();
            machine.Finish(stream, CapturingPeer.Now);
            await peer.PumpAsync();
        }

        var reset = machine.OpenStream(Echo, 2, CapturingPeer.Now, out _)!;
        machine.Write(reset, Bytes(50), CapturingPeer.Now);
        await peer.PumpAsync();
        machine.Reset(reset, 7, CapturingPeer.Now);
        machine.Stop(reset, 9, CapturingPeer.Now);
        machine.TrySendDatagram(Gram, Bytes(30));
        machine.TrySendDatagram(Nobody, Bytes(30));
        machine.RequestPing();
        await peer.PumpAsync();

        var connection = node.Connections[0];
        foreach (var length in new[] { 0, 10, 3000 })
            await connection.SendAsync(Note, Bytes(length));
        await connection.SendAsync(Nobody, Bytes(5), MessagePriority.Low);
        connection.TrySendDatagram(Gram, Bytes(40));
        var asked = connection.RequestAsync(Ask, Bytes(60));
        await peer.PumpAsync();
        await asked;
        await using (var stream = connection.OpenStream(Echo))
        {
            await stream.WriteAsync(Bytes(500));
            stream.CompleteWriting();
            await peer.PumpAsync();
            stream.Abort(3);
        }

        await peer.PumpAsync();
        var closing = connection.CloseAsync("That is all.");
        await peer.PumpAsync();
        await closing;
        return captures;

        byte[] Bytes(int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    /// <summary>Message 1 of a real node that dials.</summary>
    private static async Task<List<Capture>> DialledAsync()
    {
        var captures = new List<Capture>();
        foreach (var nodeIsLower in new[] { true, false })
        {
            var identity = nodeIsLower ? Higher : Lower;
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            await using var node = await Loopback.StartAsync(o => o.Identity = nodeIsLower ? Lower : Higher);
            using var stop = new CancellationTokenSource();
            var dialling = node.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, (IPEndPoint)listener.LocalEndpoint, identity.Id), stop.Token);
            using var socket = await listener.AcceptTcpClientAsync();
            var (_, message1) = await CapturingPeer.ReadUnitAsync(socket) ?? throw new InvalidDataException("Nothing was said.");
            using var handshake = new ResponderHandshake(identity, CapturingPeer.Network, HandshakeRandomness.FromBytes(CapturingPeer.Randomness));
            if (!handshake.TryReadMessage1(message1, out var offer))
                throw new InvalidDataException("Not a message 1.");
            captures.Add(new Capture(CaptureKind.Message1, message1));
            captures.Add(new Capture(CaptureKind.Payload1, CapturingPeer.Payload(span => HandshakePayload.Write(offer!, span))));
            await stop.CancelAsync();
            await dialling.ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        return captures;
    }

    /// <summary>What a real node says to a real gateway, and the statements in it.</summary>
    private static async Task<List<Capture>> GatewayAsync()
    {
        var captures = new List<Capture>();
        await using var gateway = await Loopback.StartAsync(o => (o.IsGateway, o.Identity) = (true, Lower));
        var options = new CrustClientOptions();
        options.EndPoints.Add("127.0.0.1:1");
        await using var cluster = new CrustClusterClient(options, NullLoggerFactory.Instance, TimeProvider.System);
        var peers = new AttachedPeers();
        await using var link = new ClusterLink(
            cluster, gateway.Id, () => new GatewayHeartbeat(1, [], "", 0, false), peers, TimeProvider.System, NullLogger<ClusterLink>.Instance);
        await using var dialBack = TestDialBack.ThatReachesNobody(gateway, link);
        var handler = new RequestHandler(gateway, peers, link, dialBack, () => [], new MonotonicClock(TimeProvider.System));
        gateway.HandleInternal(GatewayCodec.Protocol, (message, token) =>
        {
            var bytes = message.Payload.ToArray();
            captures.Add(new Capture(CaptureKind.Envelope, bytes));
            if (GatewayCodec.TryParse(bytes, out var envelope) && envelope.AttachRequest is { } request)
            {
                captures.Add(new Capture(CaptureKind.PeerRecord, request.Record.ToByteArray()));
                captures.Add(new Capture(CaptureKind.Attachment, request.Attachment.ToByteArray()));
            }

            return handler.HandleAsync(message, token);
        });
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Identity = Higher;
            o.Bootstrap.Add(gateway.Addresses[0]);
        });
        try
        {
            await node.ConnectAsync(PeerIdentity.FromSeed(new byte[32]).Id);
        }
        catch (ConnectException)
        {
            // Nobody knows that peer; the question was asked.
        }

        return captures;
    }

    /// <summary>A small folder that goes from one node to another, twice.</summary>
    private static async Task<List<Capture>> FilesAsync()
    {
        var captures = new List<Capture>();
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("tree/sub"));
        folder.Write("tree/a", "some text");
        folder.Write("tree/empty", "");
        File.WriteAllBytes(folder.PathOf("tree/sub/b"), [.. Enumerable.Range(0, 700).Select(i => (byte)(i % 251))]);
        var told = new ReceiverHost(Lower, folder.PathOf("out"));
        var receiver = new FileReceiver(new ReceiveSettings { Self = Lower.Id, Folder = told.Folder }, new PartialFolder(told.Folder), told, TimeProvider.System);
        await using var receiving = await Loopback.StartAsync(o =>
        {
            o.Identity = Lower;
            o.Handlers[FileProtocol.Name] = (message, token) => Captured(CaptureKind.FileToReceiver, message, receiver.HandleAsync, token);
        });
        var inbox = new ReceiverInbox(Lower.Id);
        await using var sending = await Loopback.StartAsync(o =>
        {
            o.Identity = Higher;
            o.Handlers[FileProtocol.Name] = (message, token) => Captured(CaptureKind.FileToSender, message, inbox.HandleAsync, token);
        });
        for (var i = 0; i < 2; i++)
        {
            var source = SourceTree.Scan(folder.PathOf("tree"), (_, _) => { });
            var settings = new SendSettings { Self = Higher.Id, Peer = Lower.Id, Retry = TimeSpan.FromSeconds(10) };
            var progress = new TransferProgress(TransferId.For(Higher.Id, source.Manifest.Hash), source.Manifest);
            await new FileSender(settings, source, inbox, token => sending.ConnectToAddressAsync(receiving.Addresses[0], token), progress, TimeProvider.System).SendAsync(CancellationToken.None);
        }

        await sending.DisposeAsync();
        await receiving.DisposeAsync();
        await receiver.DisposeAsync();
        return captures;

        ValueTask Captured(CaptureKind kind, PeerMessage message, PeerMessageHandler handler, CancellationToken token)
        {
            captures.Add(new Capture(kind, message.Payload.ToArray()));
            return handler(message, token);
        }
    }
}
