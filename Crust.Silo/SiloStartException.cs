namespace Crust.Silo;

/// <summary>The silo cannot start, for a reason that its operator can mend; the message is one clear line.</summary>
public sealed class SiloStartException : Exception
{
    /// <summary>Says why.</summary>
    public SiloStartException(string message) : base(message)
    {
    }

    /// <summary>Says why, with the cause.</summary>
    public SiloStartException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Says nothing.</summary>
    public SiloStartException()
    {
    }
}
