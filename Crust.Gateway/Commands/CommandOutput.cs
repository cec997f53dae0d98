namespace Crust.Gateway.Commands;

/// <summary>
/// What a command prints: one JSON object a line with <c>--json</c>, else a sentence for people. Errors are one line on the error stream in
/// either case. Thread safe; a line is never torn.
/// </summary>
internal sealed class CommandOutput(TextWriter output, TextWriter error, bool json)
{
    private readonly Lock _gate = new();

    /// <summary>Tells an event: its name and fields to machines, the sentence to people (empty: nothing).</summary>
    internal void Event(string name, string sentence, params ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var line = json ? EventLine.Of(name, fields) : sentence.Length > 0 ? sentence : null;
        if (line is null)
            return;
        lock (_gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    /// <summary>Tells a failure: an event for machines, one line for people.</summary>
    internal void Failed(string code, string why)
    {
        if (json)
            Event("failed", "", ("code", code), ("why", why));
        lock (_gate)
            error.WriteLine($"crust: {why.ReplaceLineEndings(" ")}");
    }

    /// <summary>Tells what went on but should not be so: an event for machines, one line for people.</summary>
    internal void Warning(string what)
    {
        if (json)
            Event("warning", "", ("what", what));
        lock (_gate)
            error.WriteLine($"crust: warning: {what.ReplaceLineEndings(" ")}");
    }
}
