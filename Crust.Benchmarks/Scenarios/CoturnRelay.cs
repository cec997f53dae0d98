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
    /// <summary>What the load generator sends for each client is a message in a millisecond: many clients, so that the server has something to do.</summary>
    private const int MessageLength = 1200, Clients = 16;

    private readonly Process _server;
    private readonly Process _echo;
    private readonly int _port;
    private readonly int _echoPort;

    internal CoturnRelay()
    {
        // The echo takes the port behind its own as well.
        _echoPort = FreePort();
        do
            _port = FreePort();
        while (_port == _echoPort || _port == _echoPort + 1);
        _server = Start(
            "turnserver", "-n", "--no-auth", "--no-tls", "--no-dtls", "--listening-ip", "127.0.0.1", "--listening-port", Text(_port), "--relay-ip", "127.0.0.1",
            "--allow-loopback-peers", "--no-cli", "--log-file", "stdout", "--no-stdout-log", "--pidfile", Path.Combine(Path.GetTempPath(), $"coturn-{Environment.ProcessId}.pid"), "-m", "1");
        _echo = Start("turnutils_peer", "-p", Text(_echoPort), "-L", "127.0.0.1");
        // What they say must not fill their pipes.
        _server.BeginOutputReadLine();
        _echo.BeginOutputReadLine();
    }

    /// <summary>Why there is none; null when there is.</summary>
    internal static string? Obstacle { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "turnserver")))
            ? null : "coturn is not installed: ./test.sh --install brings it";

    /// <summary>GB that passed each second of the last run, while messages were sent; the load generator paces them.</summary>
    internal double GigabytesPerSecond { get; private set; }

    /// <summary>Relays so many messages each way for each client; seconds of the server's processor for each GB that passed.</summary>
    internal async Task<double> RunAsync(int messages)
    {
        var before = ProcessorSeconds;
        using var client = Start(
            "turnutils_uclient", "-c", "-e", "127.0.0.1", "-r", Text(_echoPort), "-n", Text(messages), "-m", Text(Clients), "-l", Text(MessageLength), "-z", "1", "-p", Text(_port), "127.0.0.1");
        var told = await client.StandardOutput.ReadToEndAsync();
        await client.WaitForExitAsync();
        // It tells each second how far it is.
        if (Totals().Matches(told).LastOrDefault() is not { } totals || Time().Match(told) is not { Success: true } time)
            throw new InvalidOperationException($"turnutils_uclient said nothing of use: {told}");
        var bytes = double.Parse(totals.Groups[1].Value, CultureInfo.InvariantCulture) + double.Parse(totals.Groups[2].Value, CultureInfo.InvariantCulture);
        if (bytes == 0)
            throw new InvalidOperationException($"Nothing passed coturn: {told}");
        GigabytesPerSecond = bytes / 1e9 / Math.Max(1, double.Parse(time.Groups[1].Value, CultureInfo.InvariantCulture));
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

    [GeneratedRegex(@"Total transmit time is (\d+)")]
    private static partial Regex Time();
}
