using System.CommandLine;
using System.Net.Sockets;
using Crust.Identity;

namespace Crust.Gateway.Commands;

/// <summary>
/// Runs a command line: exit code 0 when done, 1 when it failed with one clear line, 2 when it was wrongly used. A user's mistake never
/// shows a stack trace.
/// </summary>
internal static class CommandRunner
{
    internal const int Done = 0, Failed = 1, WrongUsage = 2;

    /// <summary>How long a command may take to wind up after Ctrl+C or a termination signal.</summary>
    private static readonly TimeSpan TerminationTimeout = TimeSpan.FromSeconds(15);

    internal static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            // One clear line, also when one mistake makes several errors; the usage stands in --help.
            await Console.Error.WriteLineAsync($"crust: {string.Join(' ', parsed.Errors.Select(e => e.Message.ReplaceLineEndings(" ")).Distinct())}");
            return WrongUsage;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TerminationTimeout });
    }

    /// <summary>Turns what users can cause into a line and exit code 1; anything else is a bug and goes on.</summary>
    internal static async Task<int> GuardAsync(CommandOutput output, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (OperationCanceledException)
        {
            output.Failed("interrupted", "Interrupted before it was done.");
        }
        catch (ConnectException e)
        {
            output.Failed(e.Failure.ToToken(), e.Message);
        }
        catch (PeerConnectionClosedException e)
        {
            output.Failed("connection-closed", e.Message);
        }
        catch (IdentityFileException e)
        {
            output.Failed("identity-file", e.Message);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            output.Failed("port-in-use", e.Message);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            output.Failed("address-not-available", e.Message);
        }
        catch (SocketException e)
        {
            output.Failed("socket", e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            output.Failed("io", e.Message);
        }

        return Failed;
    }
}
