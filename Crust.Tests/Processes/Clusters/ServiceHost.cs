using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Crust.Client;

namespace Crust.Tests.Processes.Clusters;

/// <summary>
/// A service in a process of its own, so that it can run in a network namespace: <see cref="ClusterLoad"/> against a cluster. Arguments: <c>NETWORK PROFILE CONNECTION</c>. Reads <c>report</c>, and
/// <c>check</c>, which ends the load and looks up all that was acknowledged; ends with its input. Writes events, one JSON object a line: <c>ready</c>, <c>report</c>, <c>checked</c>. Times are timestamps of
/// <see cref="Stopwatch"/>, which all processes of a host share.
/// </summary>
internal static class ServiceHost
{
    internal const string Verb = "--service-host";

    internal static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var network, var profile, var connection])
            return 2;
        await using var client = new CrustClusterClient(new CrustClientOptions { Network = network, Profile = profile, Connection = connection });
        await client.WaitUntilConnectedAsync(CancellationToken.None);
        await using var load = new ClusterLoad(client);
        Say(new { @event = "ready" });
        var reports = 0;
        // On a thread of its own: the console's reader waits without giving its thread back.
        while (await Task.Run(Console.In.ReadLineAsync) is { } line)
        {
            switch (line.Split(' '))
            {
                case ["report", var since]:
                    var moment = long.Parse(since, CultureInfo.InvariantCulture);
                    Say(new
                    {
                        @event = "report",
                        number = ++reports,
                        acknowledged = load.Acknowledged.Count,
                        succeeded = load.Succeeded,
                        unanswered = load.Unanswered(moment),
                        lastFailureBegan = load.LastFailureBegan(moment).TotalSeconds,
                        failures = load.Failures(moment),
                    });
                    break;
                case ["check"]:
                    await load.StopAsync();
                    Say(new { @event = "checked", acknowledged = load.Acknowledged.Count, kept = await KeptAsync(client, load) });
                    break;
            }
        }

        return 0;
    }

    private static async Task<int> KeptAsync(CrustClusterClient client, ClusterLoad load)
    {
        var kept = 0;
        foreach (var (peer, record) in load.Acknowledged)
            kept += (await client.GetRecordAsync(peer, CancellationToken.None)).Value?.AsSpan().SequenceEqual(record) == true ? 1 : 0;
        return kept;
    }

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
