namespace Crust.Session.Driver;

/// <summary>The session ended under an operation. The root turns it into the public exception, with the peer's name.</summary>
internal sealed class SessionEndedException(string reason, bool outcomeUnknown) : IOException(reason)
{
    internal bool OutcomeUnknown { get; } = outcomeUnknown;
}
