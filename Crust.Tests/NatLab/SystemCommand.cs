using System.ComponentModel;
using System.Diagnostics;

namespace Crust.Tests.NatLab;

/// <summary>Runs the system's tools (<c>ip</c>, <c>nft</c>, <c>ethtool</c>), which end by themselves and soon.</summary>
internal static class SystemCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Debian keeps them where only root's shells look.</summary>
    private static readonly string SearchPath = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";

    /// <summary>Runs it and returns what it wrote.</summary>
    /// <exception cref="InvalidOperationException">It is missing, failed or did not end; the message holds what it said.</exception>
    internal static string Run(string command, IEnumerable<string> arguments, string input = "") =>
        TryRun(command, arguments, input, out var output) ? output : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)}: {output}");

    /// <summary>The same; false when it is missing, fails or does not end, and <paramref name="output"/> says more then.</summary>
    internal static bool TryRun(string command, IEnumerable<string> arguments, string input, out string output)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Find(command), arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var error = process.StandardError.ReadToEndAsync();
            var text = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                output = "it does not end";
                return false;
            }

            output = process.ExitCode == 0 ? text.GetAwaiter().GetResult() : error.GetAwaiter().GetResult();
            return process.ExitCode == 0;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            output = e.Message;
            return false;
        }
    }

    /// <summary>The file of a command, or its name when it is nowhere.</summary>
    internal static string Find(string command) =>
        SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, command)).FirstOrDefault(File.Exists) ?? command;
}
