namespace Crust.Tests.Older.Contracts;


/// <summary>Whether an exchange counted.</summary>
[GenerateSerializer, Alias("crust.ExchangeStatus")]
public enum ExchangeStatus
{
    /// <summary>It did.</summary>
    Ok = 0,

    /// <summary>The operator's fault: a newer process with the same gateway identity runs; this one gets nothing.</summary>
    Superseded = 1,

    /// <summary>The gateway's fault: its heartbeat is malformed.</summary>
    Invalid = 2,
}
