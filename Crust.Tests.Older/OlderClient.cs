using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Crust.Identity;
using Crust.Tests.Older.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using StackExchange.Redis;

namespace Crust.Tests.Older;

/// <summary>
/// Whoever calls the cluster by the older release's contracts: services that register and look up, and a gateway that fetches its commands and announces its peers. Reads <c>report</c>, which it answers
/// by an event, and <c>end</c>, after which it asks for every record that was acknowledged; ends with its input.
/// </summary>
internal sealed class OlderClient(IGrainFactory grains, NetworkId network) : IDisposable
{
    private const int Services = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly PeerIdentity _gateway = PeerIdentity.Create();
    private readonly ulong _epoch = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private readonly ConcurrentDictionary<PeerId, byte[]> _acknowledged = new();
    private readonly OlderTally _tally = new();
    private readonly CancellationTokenSource _stop = new();

    internal static async Task<int> RunAsync(string connection, string network)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddLogging();
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("crust", "crust"));
            client.Configure<ClientMessagingOptions>(messaging => messaging.ResponseTimeout = TimeSpan.FromSeconds(5));
            client.Configure<GatewayOptions>(gateway => gateway.GatewayListRefreshPeriod = TimeSpan.FromSeconds(3));
            client.UseRedisClustering(membership => membership.ConfigurationOptions = ConfigurationOptions.Parse(connection));
        });
        using var host = builder.Build();
        await host.StartAsync();
        using var client = new OlderClient(host.Services.GetRequiredService<IClusterClient>(), NetworkId.FromName(network));
        // On a thread of its own: the console's reader waits without giving its thread back.
        await Task.Run(client.ObeyAsync);
        await host.StopAsync();
        return 0;
    }

    public void Dispose()
    {
        _gateway.Dispose();
        _stop.Dispose();
    }

    private async Task ObeyAsync()
    {
        var running = Task.WhenAll(Enumerable.Range(0, Services).Select(_ => ServeAsync()).Append(ExchangeAsync()).Append(AnnounceAsync()));
        Console.WriteLine("""{"event":"ready"}""");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "end")
            {
                await _stop.CancelAsync();
                await running;
                foreach (var (peer, record) in _acknowledged)
                    await _tally.CountAsync("kept", () => Peer(peer).GetRecordAsync(), found => found.AsSpan().SequenceEqual(record), CancellationToken.None);
            }

            Console.WriteLine(JsonSerializer.Serialize(_tally.Report(_acknowledged.Values.TakeLast(20))));
        }

        await _stop.CancelAsync();
        await running;
    }

    /// <summary>A service: registers peers, and looks known ones up.</summary>
    private async Task ServeAsync()
    {
        PeerId? known = null;
        while (!_stop.IsCancellationRequested)
        {
            using var identity = PeerIdentity.Create();
            var record = RecordOf(identity);
            if (await _tally.CountAsync("register", () => Peer(identity.Id).RegisterAsync(record), result => result is RegisterResult.Accepted or RegisterResult.Unchanged, _stop.Token))
                _acknowledged[(known = identity.Id).Value] = record;
            if (known is { } peer)
                await _tally.CountAsync("look-up", () => Peer(peer).GetRecordAsync(), found => found.AsSpan().SequenceEqual(_acknowledged[peer]), _stop.Token);
            await PauseAsync();
        }
    }

    /// <summary>The gateway's mailbox: what is put into it comes out of it.</summary>
    private async Task ExchangeAsync()
    {
        var heartbeat = new GatewayHeartbeat(_epoch, [$"tcp://127.0.0.1:4000/{_gateway.Id}"], "older", 1, false);
        var (mailbox, acknowledged, directory) = (0UL, 0UL, 0UL);
        using var caller = PeerIdentity.Create();
        var record = RecordOf(caller);
        while (!_stop.IsCancellationRequested)
        {
            ExchangeReply? reply = null;
            await _tally.CountAsync("exchange", () => Gateway().ExchangeAsync(mailbox, acknowledged, directory, heartbeat), r => (reply = r).Status == ExchangeStatus.Ok, _stop.Token);
            if (reply is not { Status: ExchangeStatus.Ok })
                continue;
            (mailbox, directory) = (reply.MailboxEpoch, reply.Directory?.Version ?? directory);
            acknowledged = reply.Commands.Length > 0 ? reply.Commands[^1].Number : acknowledged;
            _tally.Delivered(reply.Commands.Count(c => c.Command is IntroduceCommand introduce && introduce.CallerSignedRecord.AsSpan().SequenceEqual(record)));
            await _tally.CountAsync("enqueue", () => Gateway().EnqueueAsync(new IntroduceCommand(caller.Id, record, new byte[16])), result => result == EnqueueResult.Queued, _stop.Token);
        }
    }

    /// <summary>Announces peers, each of which is then found at the gateway, unless its zone began anew meanwhile.</summary>
    private async Task AnnounceAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            using var identity = PeerIdentity.Create();
            var zone = grains.GetGrain<IRoutingTableGrain>(GrainKeys.Zone(network, GrainKeys.ZoneOf(identity.Id)));
            var announcement = new PeerAnnouncement(Attachment.Sign(identity, network, _gateway.Id, _epoch, DateTimeOffset.UtcNow), 1);
            AnnounceReply? reply = null;
            await _tally.CountAsync("announce", () => zone.AnnounceAsync(_gateway.Id, _epoch, [announcement]), r => (reply = r).Outcomes is [{ Result: AnnounceResult.Accepted }], _stop.Token);
            PeerPresence? presence = null;
            await _tally.CountAsync("find", () => zone.FindAsync(identity.Id), found => (presence = found) is not { } there || there.Gateway == _gateway.Id, _stop.Token);
            if (presence is null && reply is not null)
                await _tally.CountAsync("epoch", zone.GetEpochAsync, epoch => epoch != reply.ZoneEpoch, _stop.Token);
            await _tally.CountAsync("closest", () => zone.FindClosestAsync(GrainKeys.HashOf(identity.Id), 4), _ => true, _stop.Token);
            await _tally.CountAsync("withdraw", () => WithdrawAsync(zone, new PeerWithdrawal(identity.Id, _epoch)), _ => true, _stop.Token);
            await PauseAsync();
        }
    }

    private async Task<bool> WithdrawAsync(IRoutingTableGrain zone, PeerWithdrawal withdrawal)
    {
        await zone.WithdrawAsync(_gateway.Id, [withdrawal]);
        return true;
    }

    private async Task PauseAsync() => await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private byte[] RecordOf(PeerIdentity identity) =>
        new PeerRecord(identity.Id, 1, DateTimeOffset.UtcNow.AddHours(1), 0, [new PeerAddress(TransportKind.Tcp, new IPEndPoint(IPAddress.Loopback, 4000), identity.Id)]).Sign(identity, network);

    private IPeerGrain Peer(PeerId peer) => grains.GetGrain<IPeerGrain>(GrainKeys.Peer(network, peer));

    private IGatewayGrain Gateway() => grains.GetGrain<IGatewayGrain>(GrainKeys.Gateway(network, _gateway.Id));
}
