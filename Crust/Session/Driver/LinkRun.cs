namespace Crust.Session.Driver;

/// <summary>A link while it carries the session: its two loops and the signal that wakes the writer.</summary>
internal sealed class LinkRun(SecureLink link)
{
    internal SecureLink Link => link;

    internal AsyncSignal Wake { get; } = new();

    /// <summary>Never disposed of: whoever stops a link that has just ended must not fault. Without a timer it holds nothing.</summary>
    internal CancellationTokenSource Stopped { get; } = new();

    /// <summary>Set once both loops have ended and the link is disposed.</summary>
    internal Task Ended { get; set; } = Task.CompletedTask;

    /// <summary>Ends both loops at once.</summary>
    internal void Stop(string reason)
    {
        Stopped.Cancel();
        link.Pipe.Abort(reason);
    }
}
