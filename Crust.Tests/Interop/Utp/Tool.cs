using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>A program that tests use if it is there.</summary>
internal static class Tool
{
    /// <summary>Whether the command runs and ends with 0. It must be quick.</summary>
    internal static bool Runs(string command, params string[] arguments) => Output(command, arguments) is not null;

    /// <summary>What a command that ends by itself writes to its standard output; null if there is no such command, or it fails.</summary>
    internal static string? Output(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using var process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Skips the test when the tool is missing.</summary>
    internal static void Require(bool isThere, string what) => Assert.SkipUnless(isThere, $"{what}: ./test.sh --install brings it.");
}
