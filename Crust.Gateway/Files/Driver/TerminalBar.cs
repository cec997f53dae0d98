using System.Text;

namespace Crust.Gateway.Files.Driver;

/// <summary>The one line at a terminal's bottom that is written over and over, and makes room for lines that stay. Thread safe.</summary>
/// <param name="terminal">The terminal.</param>
internal sealed class TerminalBar(TextWriter terminal)
{
    private readonly Lock _gate = new();
    private string _shown = "";

    /// <summary>Shows a line in place of the last one.</summary>
    internal void Show(string line)
    {
        lock (_gate)
        {
            terminal.Write($"\r{line.PadRight(_shown.Length)}");
            terminal.Flush();
            _shown = line;
        }
    }

    /// <summary>Takes the line away.</summary>
    internal void Clear()
    {
        lock (_gate)
            ClearUnderLock();
    }

    /// <summary>A writer whose lines stay, above the bar.</summary>
    internal TextWriter Above(TextWriter inner) => new AboveWriter(this, inner);

    private void ClearUnderLock()
    {
        if (_shown.Length == 0)
            return;
        terminal.Write($"\r{new string(' ', _shown.Length)}\r");
        terminal.Flush();
        _shown = "";
    }

    /// <summary>Whole lines only: that is all that commands write.</summary>
    private sealed class AboveWriter(TerminalBar bar, TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => WriteLine(value);

        public override void WriteLine(string? value)
        {
            lock (bar._gate)
            {
                bar.ClearUnderLock();
                inner.WriteLine(value);
                inner.Flush();
            }
        }

        public override void Flush() => inner.Flush();
    }
}
