using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crust.Silo.Demo;

/// <summary>
/// Real parts in one process, on random ports of loopback and in a temporary folder: a silo, two gateways that reach it as Orleans clients,
/// two peers attached to different gateways. Each step is told as a sentence and checked.
/// </summary>
internal sealed class Demonstration(TextWriter output) : IAsyncDisposable
{
    private const string Protocol = "demo/chat/1", FileProtocol = "demo/file/1";
    private const int MessageCount = 200;
    private const int FileLength = 1 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("crust-demo-").FullName;
    private readonly List<PeerIdentity> _identities = [];
    private readonly List<GatewayServer> _gateways = [];
    private readonly TaskCompletionSource<byte[]> _fileAtBruno = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SiloHost? _silo;
    private CrustNode? _anna;
    private CrustNode? _bruno;
    private PeerConnection? _connection;
    private int _atAnna;
    private int _atBruno;

    /// <summary>All steps, once.</summary>
    /// <exception cref="DemonstrationException">One did not hold.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await StartClusterAsync(patience.Token);
            await StartPeersAsync(patience.Token);
            await MeetAsync(patience.Token);
            await ExchangeMessagesAsync(patience.Token);
            await SendFileAsync(patience.Token);
            await CheckStatusAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemonstrationException($"a step took longer than {Patience.TotalSeconds:0} s");
        }
        catch (ConnectException e)
        {
            throw new DemonstrationException(e.Message);
        }
    }

    /// <summary>Stays up until told to stop; <c>k</c> kills the gateway that the first peer is attached to.</summary>
    internal async Task StayAsync(CancellationToken cancellationToken)
    {
        Tell($"The status page is {_silo!.StatusPage}. Press k to kill the gateway that Anna is attached to; Ctrl+C ends.");
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var killed = false;
        while (await poll.WaitForNextTickAsync(cancellationToken))
        {
            if (killed || Console.IsInputRedirected || !Console.KeyAvailable || Console.ReadKey(intercept: true).KeyChar != 'k')
                continue;
            await KillGatewayAsync(cancellationToken);
            killed = true;
        }
    }

    /// <summary>Kills the gateway under the first peer while messages run, and checks that none is lost and that the peer attaches elsewhere.</summary>
    internal async Task KillGatewayAsync(CancellationToken cancellationToken)
    {
        var victim = _gateways.First(g => g.Id == _anna!.Gateway);
        var before = _atBruno;
        var sending = SendNumbersAsync(_connection!, MessageCount, cancellationToken);
        await victim.DisposeAsync();
        _gateways.Remove(victim);
        await sending;
        await UntilAsync(() => Volatile.Read(ref _atBruno) == before + MessageCount, cancellationToken);
        Tell($"Gateway {victim.Id.ToShortString()} is gone. {MessageCount} messages sent meanwhile all arrived: the connection is direct and needs no gateway.");
        await UntilAsync(() => _anna!.Gateway is { } gateway && gateway != victim.Id, cancellationToken);
        Tell($"Anna attached herself to gateway {_anna!.Gateway!.Value.ToShortString()} instead.");
    }

    public async ValueTask DisposeAsync()
    {
        if (_anna is not null)
            await _anna.DisposeAsync();
        if (_bruno is not null)
            await _bruno.DisposeAsync();
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        if (_silo is not null)
            await _silo.DisposeAsync();
        foreach (var identity in _identities)
            identity.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartClusterAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        _silo = await SiloHost.StartAsync(
            new SiloOptions { Connection = _folder, SiloPort = 0, GatewayPort = 0, Http = new IPEndPoint(IPAddress.Loopback, 0), LogLevel = LogLevel.None }, cancellationToken);
        for (var i = 0; i < 2; i++)
        {
            var options = new GatewayOptions { Identity = NewIdentity(), Listen = IPAddress.Loopback, Cluster = [$"127.0.0.1:{_silo.GatewayPort}"] };
            var gateway = await GatewayServer.StartAsync(options, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken);
            _gateways.Add(gateway);
        }

        foreach (var gateway in _gateways)
            await gateway.WaitForClusterAsync(cancellationToken);
        // A peer is told the other gateways when it attaches, and Anna will need the second.
        await UntilAsync(() => _gateways.TrueForAll(gateway => gateway.KnownGateways == _gateways.Count), cancellationToken);
        Tell($"A silo and two gateways started in {Elapsed(start)}; the status page is {_silo.StatusPage}");
    }

    private async Task StartPeersAsync(CancellationToken cancellationToken)
    {
        _anna = await StartPeerAsync(_gateways[0], cancellationToken);
        _bruno = await StartPeerAsync(_gateways[1], cancellationToken);
        _anna.Handle(Protocol, (message, _) => Count(message, ref _atAnna));
        _bruno.Handle(Protocol, async (message, token) =>
        {
            await Count(message, ref _atBruno);
            await message.Connection.SendAsync(Protocol, message.Payload, token);
        });
        _bruno.Handle(FileProtocol, (message, _) =>
        {
            _fileAtBruno.TrySetResult(message.Payload.ToArray());
            return ValueTask.CompletedTask;
        });
        Tell($"Anna is peer {_anna.Id}, attached to gateway {_anna.Gateway!.Value.ToShortString()}.");
        Tell($"Bruno is peer {_bruno.Id}, attached to gateway {_bruno.Gateway!.Value.ToShortString()}.");
    }

    private async Task MeetAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        _connection = await _anna!.ConnectAsync(_bruno!.Id, cancellationToken);
        Tell($"Anna, who knows nothing but Bruno's id, is connected with him after {Elapsed(start)}: {_connection.Path.ToToken()} to {_connection.RemoteEndPoint}.");
    }

    private async Task ExchangeMessagesAsync(CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await SendNumbersAsync(_connection!, MessageCount, cancellationToken);
        await UntilAsync(() => Volatile.Read(ref _atAnna) == MessageCount && Volatile.Read(ref _atBruno) == MessageCount, cancellationToken);
        var statistics = _connection!.Statistics;
        if (!_connection.SendsSigned || !_connection.ReceivesSigned || statistics.BatchesVerified == 0)
            throw new DemonstrationException("the messages were not signed");
        Tell($"{MessageCount} messages went to Bruno and {MessageCount} came back in {Elapsed(start)}, each once and in order; " +
            $"signatures made by Anna: {statistics.BatchesSigned}, signatures of Bruno verified: {statistics.BatchesVerified} (one covers all messages sent together).");
    }

    private async Task SendFileAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, "holiday.jpg");
        await File.WriteAllBytesAsync(path, RandomNumberGenerator.GetBytes(FileLength), cancellationToken);
        var sent = await File.ReadAllBytesAsync(path, cancellationToken);
        var start = Stopwatch.GetTimestamp();
        await _connection!.SendAndConfirmAsync(FileProtocol, sent, cancellationToken);
        var received = await _fileAtBruno.Task.WaitAsync(cancellationToken);
        var copy = Path.Combine(_folder, "holiday-at-bruno.jpg");
        await File.WriteAllBytesAsync(copy, received, cancellationToken);
        var hash = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(copy, cancellationToken)));
        if (hash != Convert.ToHexStringLower(SHA256.HashData(sent)))
            throw new DemonstrationException("the file arrived altered");
        Tell($"A file of {FileLength / 1024} KiB arrived as one signed message in {Elapsed(start)}; SHA-256 {hash[..16]}… on both sides.");
    }

    private async Task CheckStatusAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (true)
        {
            using var status = JsonDocument.Parse(await http.GetStringAsync(new Uri(_silo!.StatusPage, "status.json"), cancellationToken));
            var root = status.RootElement;
            var (peers, gateways, records) = (root.GetProperty("peersAttached").GetInt32(), root.GetProperty("gateways").GetArrayLength(), root.GetProperty("recordsStored").GetInt32());
            if ((peers, gateways, records) == (2, 2, 2))
                break;
            await poll.WaitForNextTickAsync(cancellationToken);
        }

        Tell($"The cluster says the same at {_silo.StatusPage}: 2 peers attached, 2 gateways, 2 signed records stored.");
    }

    private async Task<CrustNode> StartPeerAsync(GatewayServer gateway, CancellationToken cancellationToken)
    {
        var options = new CrustNodeOptions { Identity = NewIdentity(), Listen = IPAddress.Loopback };
        options.Bootstrap.Add(gateway.Addresses[0]);
        return await CrustNode.StartAsync(options, cancellationToken);
    }

    private PeerIdentity NewIdentity()
    {
        var identity = PeerIdentity.Create();
        _identities.Add(identity);
        return identity;
    }

    private static async Task SendNumbersAsync(PeerConnection connection, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
            await connection.SendAsync(Protocol, BitConverter.GetBytes(i), cancellationToken);
    }

    /// <summary>Counts a message that is signed and whose number follows the last one's; any other stops the count, and with it the demonstration.</summary>
    private static ValueTask Count(PeerMessage message, ref int count)
    {
        if (message.IsSigned && BitConverter.ToInt32(message.Payload.Span) == count % MessageCount)
            Interlocked.Increment(ref count);
        return ValueTask.CompletedTask;
    }

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!condition())
            await poll.WaitForNextTickAsync(cancellationToken);
    }

    private static string Elapsed(long start) => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms");

    private void Tell(string sentence) => output.WriteLine(sentence);
}
