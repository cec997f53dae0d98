namespace Crust.Silo.Storage;

/// <summary>Storage did not do, or did not confirm, what was asked: its queue is full, it is closing, or the disk failed. The outcome of a write is unknown.</summary>
public sealed class StorageUnavailableException : Exception
{
    /// <summary>Says why.</summary>
    public StorageUnavailableException(string message) : base(message)
    {
    }

    /// <summary>Says why, with the cause.</summary>
    public StorageUnavailableException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Says nothing.</summary>
    public StorageUnavailableException()
    {
    }
}
