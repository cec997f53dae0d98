using System.Diagnostics;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary>
/// Two hosts on one wire, made of network namespaces, with a firewall between them that drops what it is told to, without a word. Needs Linux, root, and the
/// commands <c>ip</c> and <c>nft</c>; without them the test is skipped.
/// </summary>
public sealed class TwoHosts : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static int _count;

    private readonly string[] _namespaces;

    private TwoHosts(string name) => _namespaces = [$"{name}-0", $"{name}-1"];

    /// <summary>The address of a host, 0 or 1.</summary>
    public static string AddressOf(int host) => $"10.199.0.{host + 1}";

    /// <summary>Makes the hosts and the wire.</summary>
    public static async Task<TwoHosts> CreateAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Hosts of their own need Linux and root.");
        Assert.SkipUnless(Have("ip") && Have("nft"), "Hosts of their own need the commands ip and nft.");
        var hosts = new TwoHosts($"crust-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        try
        {
            foreach (var name in hosts._namespaces)
                Assert.SkipUnless(await RunAsync("ip", ["netns", "add", name]) == 0, "This machine does not let root make network namespaces.");
            Assert.SkipUnless(
                await RunAsync("ip", ["link", "add", "wire", "netns", hosts._namespaces[0], "type", "veth", "peer", "name", "wire", "netns", hosts._namespaces[1]]) == 0,
                "This machine has no virtual Ethernet.");
            for (var i = 0; i < 2; i++)
            {
                await MustAsync("ip", ["-n", hosts._namespaces[i], "link", "set", "lo", "up"]);
                // Without IPv6: its addresses are usable only a second or two later.
                await MustAsync("ip", ["-n", hosts._namespaces[i], "link", "set", "wire", "addrgenmode", "none"]);
                await MustAsync("ip", ["-n", hosts._namespaces[i], "addr", "add", $"{AddressOf(i)}/24", "dev", "wire"]);
                await MustAsync("ip", ["-n", hosts._namespaces[i], "link", "set", "wire", "up"]);
            }

            return hosts;
        }
        catch
        {
            await hosts.DisposeAsync();
            throw;
        }
    }

    /// <summary>The command that runs another one on a host, and becomes it.</summary>
    public string[] On(int host) => ["ip", "netns", "exec", _namespaces[host]];

    /// <summary>From now on the wire carries no <c>tcp</c>, or no <c>udp</c>; null: everything.</summary>
    public async Task BlockAsync(string? protocol)
    {
        foreach (var name in _namespaces)
        {
            // Where packets come in: a host that drops what it sends itself would be told, and it is the wire that is to be silent.
            var rules = $"table inet wire\ndelete table inet wire\ntable inet wire {{ chain in {{ type filter hook prerouting priority -300; {(protocol is null ? "" : $"iifname \"wire\" meta l4proto {protocol} drop;")} }} }}\n";
            await MustAsync("ip", ["netns", "exec", name, "nft", "-f", "-"], rules);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var name in _namespaces)
            await RunAsync("ip", ["netns", "del", name]);
    }

    private static bool Have(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Any(folder => File.Exists(Path.Combine(folder, command)));

    private static async Task MustAsync(string command, string[] arguments, string input = "") =>
        (await RunAsync(command, arguments, input)).Should().Be(0, $"{command} {string.Join(' ', arguments)} works");

    private static async Task<int> RunAsync(string command, string[] arguments, string input = "")
    {
        using var process = Process.Start(
            new ProcessStartInfo(command, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }
}
