namespace Crust.Tests.Older.Contracts;


/// <summary>What became of a command.</summary>
[GenerateSerializer, Alias("crust.EnqueueResult")]
public enum EnqueueResult
{
    /// <summary>It waits for the gateway.</summary>
    Queued = 0,

    /// <summary>The mailbox is full: try again later.</summary>
    Full = 1,

    /// <summary>The gateway has not been heard of for 10 seconds.</summary>
    GatewayAway = 2,

    /// <summary>The caller's fault: the command is malformed.</summary>
    Invalid = 3,
}
