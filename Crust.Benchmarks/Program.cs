using System.Globalization;
using Crust.Benchmarks;
using Crust.Benchmarks.Scenarios;

// Side by side, in one run, in turn: `dotnet run -c Release --project Crust.Benchmarks -- SCENARIO [--json] [--rounds N]`.
IReadOnlyDictionary<string, Func<IEnumerable<BenchmarkCase>>> scenarios = new Dictionary<string, Func<IEnumerable<BenchmarkCase>>>(StringComparer.Ordinal)
{
    ["session-tcp"] = SessionTcpScenario.Cases,
    ["messages"] = MessagesScenario.Cases,
    ["handshake"] = HandshakeScenario.Cases,
    ["idle-memory"] = IdleMemoryScenario.Cases,
    ["primitives"] = PrimitivesScenario.Cases,
    ["utp"] = UtpScenario.Cases,
    ["relay"] = RelayScenario.Cases,
};

// The other processes of idle-memory: this same program.
if (args is [IdleMemoryProcess.Verb, .. var roleArguments])
    return await IdleMemoryProcess.RunAsync(roleArguments);

var rounds = 7;
var roundsAt = Array.IndexOf(args, "--rounds");
if (args.Length == 0 || !scenarios.TryGetValue(args[0], out var cases)
    || (roundsAt >= 0 && (roundsAt + 1 >= args.Length || !int.TryParse(args[roundsAt + 1], CultureInfo.InvariantCulture, out rounds) || rounds < 1)))
{
    await Console.Error.WriteLineAsync($"usage: SCENARIO [--json] [--rounds N], where SCENARIO is one of: {string.Join(", ", scenarios.Keys)}");
    return 2;
}

foreach (var benchmark in cases())
{
    var result = await benchmark.RunAsync(rounds);
    Console.WriteLine(args.Contains("--json") ? result.ToJson(args[0]) : result.ToString());
}

return 0;
