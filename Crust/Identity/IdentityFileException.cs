namespace Crust.Identity;

/// <summary>An identity file that cannot be used: missing, unreadable, corrupt, readable by others, or already there. The message says which, and what to do.</summary>
public sealed class IdentityFileException : IOException
{
    public IdentityFileException()
    {
    }

    public IdentityFileException(string message) : base(message)
    {
    }

    public IdentityFileException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
