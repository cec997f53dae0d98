using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Crust.Benchmarks.Scenarios;

/// <summary>
/// coturn's <c>turnserver</c> in a process of its own, with its own load generator (<c>turnutils_uclient</c>) and echo (<c>turnutils_peer</c>): messages of 1,200
/// bytes pass it on the way to the echo and on the way back, each way counted.
/// </summary>
internal sealed partial class CoturnRelay : IDisposable
{
    private const int MessageLength = 1200, Clients = 4;

    private readonly Process _server;
    private readonly Process _echo;
    private readonly int _port = FreePort();
    private readonly int _echoPort = FreePort();

    internal CoturnRelay()
    {
        _server = Start(
            "turnserver", "-n", "--no-auth", "--no-tls", "--no-dtls", "--listening-ip", "127.0.0.1", "--listening-port", Text(_port), "--relay-ip", "127.0.0.1",
            "--allow-loopback-peers", "--no-cli", "--log-file", "stdout", "--no-stdout-log", "--pidfile", Path.Combine(Path.GetTempPath(), $"coturn-{Environment.ProcessId}.pid"), "-m", "1");
        _echo = Start("turnutils_peer", "-p", Text(_echoPort), "-L", "127.0.0.1");
    }

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Obstacle { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "turnserver")))
            ? null : "coturn is not installed: ./test.sh --install brings it";

    /// <summary>Relays so many messages each way for each client; seconds of the server's processor for each GB that passed.</summary>
    internal async Task<double> RunAsync(int messages)
    {
        var before = ProcessorSeconds;
        using var client = Start(
            "turnutils_uclient", "-c", "-e", "127.0.0.1", "-r", Text(_echoPort), "-n", Text(messages), "-m", Text(Clients), "-l", Text(MessageLength), "-z", "1", "-p", Text(_port), "127.0.0.1");
        var told = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        var totals = Totals().Match(told);
        if (!totals.Success)
            throw new InvalidOperationException($"turnutils_uclient said nothing of use: {told}");
        var bytes = double.Parse(totals.Groups[1].Value, CultureInfo.InvariantCulture) + double.Parse(totals.Groups[2].Value, CultureInfo.InvariantCulture);
        return (ProcessorSeconds - before) / (bytes / 1e9);
    }

    public void Dispose()
    {
        foreach (var process in new[] { _echo, _server })
        {
            if (!process.HasExited)
                process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private double ProcessorSeconds
    {
        get
        {
            _server.Refresh();
            return _server.TotalProcessorTime.TotalSeconds;
        }
    }

    private static Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.BeginErrorReadLine();
        return process;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [GeneratedRegex(@"tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)")]
    private static partial Regex Totals();
}
