namespace Crust.Session.Driver;

/// <summary>The peer has no handler for the protocol of a message.</summary>
internal sealed class MessageRefusedException(string protocol) : IOException($"The peer does not speak '{protocol}'.")
{
    internal string Protocol { get; } = protocol;
}
