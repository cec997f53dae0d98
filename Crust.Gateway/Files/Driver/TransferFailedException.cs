namespace Crust.Gateway.Files.Driver;

/// <summary>A transfer ended for good, for a reason that its user can understand. Trying again by itself makes no sense.</summary>
/// <param name="code">A word for scripts.</param>
/// <param name="message">One line for people.</param>
internal sealed class TransferFailedException(string code, string message, Exception? innerException = null) : Exception(message, innerException)
{
    internal string Code { get; } = code;
}
