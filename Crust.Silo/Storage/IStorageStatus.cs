namespace Crust.Silo.Storage;

/// <summary>What the status page tells of storage.</summary>
internal interface IStorageStatus
{
    /// <summary>States stored; null where counting would cost more than it tells, because other silos write too.</summary>
    long? Count { get; }

    /// <summary>Why the last operation failed; null when it did not.</summary>
    string? Fault { get; }

    /// <summary>After a fault: asks storage whether it is back, so that an idle silo does not stay unhealthy for ever.</summary>
    Task ProbeAsync();
}
