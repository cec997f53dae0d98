using System.Text.Json;

namespace Crust.Tests.Processes.Clusters;

/// <summary>Many peers in a few processes (<see cref="PeerHost"/>), whose look-ups and pings go on whatever is killed.</summary>
public sealed class PeerCrowd : IAsyncDisposable
{
    /// <summary>How long they may take to be there. Only a hang takes so long, even on a machine that does much else.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly List<CrustProcess> _hosts = [];
    private int _reports;

    /// <summary>How many they are.</summary>
    public int Count { get; private set; }

    /// <summary>Starts them; returns when all are attached, connected and at it.</summary>
    /// <param name="folder">Of the processes.</param>
    /// <param name="network">Its name.</param>
    /// <param name="each">Peers of a process.</param>
    /// <param name="bootstrap">A gateway for each process.</param>
    public static async Task<PeerCrowd> StartAsync(TemporaryFolder folder, string network, int each, IReadOnlyList<string> bootstrap)
    {
        var crowd = new PeerCrowd();
        try
        {
            foreach (var gateway in bootstrap)
                crowd._hosts.Add(CrustProcess.PeerHost(folder, $"{each}", network, gateway));
            var ready = await Task.WhenAll(crowd._hosts.Select(host => host.EventAsync("ready", patience: Patience)));
            string[] peers = [.. ready.SelectMany(e => e.Body.GetProperty("peers").EnumerateArray().Select(id => id.GetString()!))];
            crowd.Count = peers.Length;
            await Task.WhenAll(crowd._hosts.Select(host => host.SayAsync($"load {string.Join(' ', peers)}")));
            await Task.WhenAll(crowd._hosts.Select(host => host.EventAsync("loaded", patience: Patience)));
            return crowd;
        }
        catch
        {
            await crowd.DisposeAsync();
            throw;
        }
    }

    /// <summary>What happened so far.</summary>
    public async Task<CrowdReport> ReportAsync()
    {
        var number = ++_reports;
        await Task.WhenAll(_hosts.Select(host => host.SayAsync("report")));
        var told = await Task.WhenAll(_hosts.Select(host => host.EventAsync("report", e => e.Number("number") == number)));
        return CrowdReport.Sum([.. told.Select(e => e.Body)]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            await host.DisposeAsync();
    }
}
