using System.Globalization;
using System.Runtime.CompilerServices;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.NatLab;

/// <summary>
/// What the cells of the matrix share: two sites, <c>crust node</c> on a host of the one, <c>crust ping</c> on a host of the other, a real cluster between them.
/// A cell is a test of one line.
/// </summary>
public abstract class NatCells(LabCluster cluster, ITestOutputHelper output)
{
    /// <summary>Whether figures are wanted, not only that cells hold.</summary>
    private static readonly bool IsFull = Environment.GetEnvironmentVariable("CRUST_FULL") == "1";

    /// <summary>How many times each cell is tried in a row: each time must do. With <c>CRUST_FULL=1</c> as many as a median of first messages needs.</summary>
    private static readonly int Passes = IsFull ? 5 : 1;

    /// <summary>Whether processes tell everything, and it is printed.</summary>
    private static readonly bool IsVerbose = Environment.GetEnvironmentVariable("CRUST_LAB_VERBOSE") is not null;

    /// <summary>Tries of a cell that needs a spray, which is a matter of chance, with <c>CRUST_FULL=1</c>; and how many must do: 95 %.</summary>
    private const int Sprays = 20, SpraysThatMustDo = 19;

    /// <summary>How many times a process that has connected connects again: with <c>CRUST_FULL=1</c> as many as a median needs.</summary>
    private static readonly int Again = IsFull ? 5 : 1;

    /// <summary>A cell of two homes, the first of which calls.</summary>
    protected Task Cell(RouterKind first, RouterKind second, Expected expected, Restriction restriction = Restriction.Nothing, string table = "any") => Cell(
        new SiteOptions(first) { Restriction = restriction }, new SiteOptions(second) { Restriction = restriction }, expected, table);

    /// <summary>A cell of two sites.</summary>
    private protected async Task Cell(SiteOptions first, SiteOptions second, Expected expected, string table)
    {
        await ReadyAsync();
        await TimesAsync(Passes, async () =>
        {
            using var here = new Site(cluster.Internet, first);
            using var there = new Site(cluster.Internet, second);
            await MeetAsync(here.Hosts[0], there.Hosts[0], table, Name(first.Kind), Name(second.Kind), expected);
        });
    }

    /// <summary>A sprayed cell of two homes: once, or as often as chance needs to be judged. Tries that end on the relay are told, and few enough may.</summary>
    protected async Task SprayedCell(RouterKind first, RouterKind second)
    {
        if (!IsFull)
        {
            await Cell(first, second, Expected.DirectBySpray);
            return;
        }

        await ReadyAsync();
        var direct = 0;
        await TimesAsync(Sprays, async () =>
        {
            using var here = new Site(cluster.Internet, new SiteOptions(first));
            using var there = new Site(cluster.Internet, new SiteOptions(second));
            var result = await TryAsync(here.Hosts[0], there.Hosts[0], "any", Name(first), Name(second), Expected.DirectBySpray, afterwards: null, nameof(SprayedCell));
            direct += result.Holds ? 1 : 0;
        });
        output.WriteLine($"{direct} of {Sprays} tries are direct.");
        direct.Should().BeGreaterThanOrEqualTo(SpraysThatMustDo);
    }

    /// <summary>Does it so many times, one after the other.</summary>
    private protected static async Task TimesAsync(int times, Func<Task> cell)
    {
        for (var time = 0; time < times; time++)
            await cell();
    }

    /// <summary>Does it as often as cells are to hold.</summary>
    private protected static Task PassesAsync(Func<Task> cell) => TimesAsync(Passes, cell);

    /// <summary>Skips the test where there is no lab; ends when the cluster runs, and is at rest where figures are wanted.</summary>
    private protected async Task ReadyAsync()
    {
        Lab.Require("nft");
        await (IsFull ? cluster.RestedAsync() : cluster.StartedAsync());
    }

    /// <summary>The cluster's internet.</summary>
    private protected Internet Internet => cluster.Internet;

    /// <summary>Lets the one call the other and judges how they met.</summary>
    /// <param name="here">The host that calls.</param>
    /// <param name="there">The host that is called.</param>
    /// <param name="table">The table that the cell is of.</param>
    /// <param name="first">What the caller's site is called in it.</param>
    /// <param name="second">What the other's is called.</param>
    /// <param name="expected">What is promised.</param>
    /// <param name="afterwards">What else is to hold when both processes have ended in an orderly way.</param>
    /// <param name="test">The name of the test.</param>
    private protected async Task MeetAsync(
        NetworkNamespace here, NetworkNamespace there, string table, string first, string second, Expected expected, Func<Task>? afterwards = null, [CallerMemberName] string test = "")
    {
        var result = await TryAsync(here, there, table, first, second, expected, afterwards, test);
        result.Holds.Should().BeTrue($"{expected} is promised, and it is {result.Path}");
    }

    private async Task<CellResult> TryAsync(
        NetworkNamespace here, NetworkNamespace there, string table, string first, string second, Expected expected, Func<Task>? afterwards, string test)
    {
        using var folder = new TemporaryFolder();
        string[] common = [.. cluster.Addresses.SelectMany(a => new[] { "--bootstrap", a }), "--json", .. IsVerbose ? new[] { "--verbose" } : []];
        await using var node = CrustProcess.CrustThrough(folder, LabCluster.On(there), ["node", "--identity", folder.PathOf("peer"), .. common]);
        var ready = await node.FirstOfAsync("ready", "failed");
        ready.Name.Should().Be("ready", $"{node}");
        var patience = expected switch { Expected.Relayed => 6, Expected.DirectBySpray => 30, _ => 15 };
        await using var ping = CrustProcess.CrustThrough(
            folder, LabCluster.On(here), ["ping", ready.Text("peer"), "--wait-direct", $"{patience}", "--count", "3", "--interval", "0.02", "--again", $"{Again}", .. common]);
        var code = await ping.ExitAsync();

        var result = Judge(ping, table, first, second, expected);
        result.Write();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{first} calls {second}: {(result.Path.Length > 0 ? result.Path : "not connected")}, first message {result.FirstMessage} ms (again {string.Join(", ", result.Again)} ms), direct path {result.Direct} ms"));
        var story = $"{test}:\n{ping}\n{node}";
        code.Should().Be(0, story);
        if (!result.Holds || IsVerbose)
            output.WriteLine($"{expected} is promised, and it is {result.Path}; {story}");
        if (afterwards is null)
            return result;
        await node.TerminateAsync();
        (await node.ExitAsync()).Should().Be(0, $"{node}");
        await afterwards();
        return result;
    }

    private static CellResult Judge(CrustProcess ping, string table, string first, string second, Expected expected)
    {
        // What comes after the summary is of the second connection.
        var events = ping.Events.TakeWhile(e => e.Name != "summary").ToList();
        double? Milliseconds(Func<ProcessEvent, bool> condition) => events.FirstOrDefault(condition)?.Body.GetProperty("ms").GetDouble();
        return new CellResult(
            table, first, second, expected,
            Path: events.LastOrDefault(e => e.Name == "pong")?.Text("path") ?? "",
            FirstMessage: Milliseconds(e => e.Name == "first-message"),
            Again: [.. ping.Events.Where(e => e.Name == "first-message").Skip(1).Select(e => e.Body.GetProperty("ms").GetDouble())],
            Direct: Milliseconds(e => e.Name is "connected" or "path-changed" && e.Text("path") != "relayed"));
    }

    /// <summary>A kind as tables name it.</summary>
    private protected static string Name(RouterKind kind) => kind switch
    {
        RouterKind.None => "none",
        RouterKind.Firewall => "firewall",
        RouterKind.FullCone => "full-cone",
        RouterKind.AddressRestricted => "addr-restricted",
        RouterKind.PortRestricted => "port-restricted",
        RouterKind.Linux => "linux",
        RouterKind.SymmetricSequential => "symmetric-seq",
        _ => "symmetric",
    };
}
