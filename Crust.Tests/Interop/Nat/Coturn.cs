using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Crust.Tests.Interop.Nat;

/// <summary>The tools of coturn, another implementation of STUN.</summary>
internal static class Coturn
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs one of its clients to its end; all that it said. The test is skipped where it is not installed.</summary>
    internal static async Task<string> RunAsync(string tool, params string[] arguments)
    {
        using var process = Start(tool, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);
        return await output + await error;
    }

    /// <summary>Starts its server.</summary>
    internal static Process StartServer(params string[] arguments) => Start("turnserver", arguments);

    private static Process Start(string tool, string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip($"{tool} is not here: it is in Debian's package coturn.");
            throw;
        }
    }
}
