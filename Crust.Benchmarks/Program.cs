using System.Globalization;
using Crust.Benchmarks;
using Crust.Benchmarks.Scenarios;

// Side by side, in one run, in turn: `dotnet run -c Release --project Crust.Benchmarks -- SCENARIO [CASE] [--json] [--rounds N]`.
IReadOnlyDictionary<string, Func<IEnumerable<BenchmarkCase>>> scenarios = new Dictionary<string, Func<IEnumerable<BenchmarkCase>>>(StringComparer.Ordinal)
{
    ["session-tcp"] = SessionTcpScenario.Cases,
    ["messages"] = MessagesScenario.Cases,
    ["handshake"] = HandshakeScenario.Cases,
    ["idle-memory"] = IdleMemoryScenario.Cases,
    ["primitives"] = PrimitivesScenario.Cases,
    ["utp"] = UtpScenario.Cases,
    ["relay"] = RelayScenario.Cases,
    ["cluster"] = ClusterScenario.Cases,
};

// The other processes of idle-memory and cluster: this same program.
if (args is [IdleMemoryProcess.Verb, .. var roleArguments])
    return await IdleMemoryProcess.RunAsync(roleArguments);
if (args is [ClusterSilo.Verb, var folder])
    return await ClusterSilo.RunAsync(folder);

var rounds = 7;
var roundsAt = Array.IndexOf(args, "--rounds");
if (args.Length == 0 || !scenarios.TryGetValue(args[0], out var cases)
    || (roundsAt >= 0 && (roundsAt + 1 >= args.Length || !int.TryParse(args[roundsAt + 1], CultureInfo.InvariantCulture, out rounds) || rounds < 1)))
{
    await Console.Error.WriteLineAsync($"usage: SCENARIO [CASE] [--json] [--rounds N], where SCENARIO is one of: {string.Join(", ", scenarios.Keys)}");
    return 2;
}

var isWhole = args.Length < 2 || args[1].StartsWith("--", StringComparison.Ordinal);
foreach (var benchmark in cases().Where(c => isWhole ? !c.IsOnRequest : c.Name == args[1]))
{
    var result = await benchmark.RunAsync(rounds);
    Console.WriteLine(args.Contains("--json") ? result.ToJson(args[0]) : result.ToString());
}

return 0;
