using System.CommandLine;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;

namespace Crust.Gateway.Commands;

/// <summary>What <c>send</c> and <c>receive</c> have in common: options, and where lines and progress go.</summary>
internal sealed class TransferOutput
{
    /// <summary>The width of a terminal that does not tell it.</summary>
    private const int UsualWidth = 80;

    internal TransferOutput(bool json, bool quiet)
    {
        // A bar belongs on a terminal alone; it is drawn on the error stream, so that the output can go into a file.
        var style = (json, quiet) switch
        {
            (_, true) => ProgressStyle.None,
            (true, _) => ProgressStyle.Events,
            _ => Console.IsErrorRedirected || Console.IsOutputRedirected ? ProgressStyle.Log : ProgressStyle.Bar,
        };
        var bar = style == ProgressStyle.Bar ? new TerminalBar(Console.Error) : null;
        var lines = quiet && !json ? TextWriter.Null : Console.Out;
        Lines = new CommandOutput(bar?.Above(lines) ?? lines, bar?.Above(Console.Error) ?? Console.Error, json);
        Progress = new ProgressReporter(style, Lines, bar, Width, TimeProvider.System);
    }

    internal CommandOutput Lines { get; }

    internal ProgressReporter Progress { get; }

    internal static Option<bool> Quiet() => new("--quiet") { Description = "Say nothing but errors; with --json, no progress." };

    /// <summary>An option that takes a number of bytes.</summary>
    internal static Option<long?> Bytes(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "BYTES",
        CustomParser = result =>
        {
            if (ByteSize.Parse(result.Tokens[0].Value) is { } bytes and > 0)
                return bytes;
            result.AddError($"'{result.Tokens[0].Value}' is not a number of bytes for {name}: 1000, 64K, 1.5G.");
            return null;
        },
    };

    /// <summary>A transfer's size for people.</summary>
    internal static string Size(Manifest manifest) =>
        manifest.Root.IsFolder ? $"{manifest.Files} {(manifest.Files == 1 ? "file" : "files")}, {ByteSize.Format(manifest.TotalLength)}" : ByteSize.Format(manifest.TotalLength);

    private static int Width()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : UsualWidth;
        }
        catch (IOException)
        {
            return UsualWidth;
        }
    }
}
