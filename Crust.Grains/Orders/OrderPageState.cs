using Crust.Grains.Abstractions;

namespace Crust.Grains.Orders;

/// <summary>
/// What is stored of the orders on one sixteenth of all subjects: at most 600 in force and the last 100 taken, of 346 bytes each, with 16 numbers: less than 256 KiB. Its golden bytes are a test.
/// </summary>
[GenerateSerializer, Alias("crust.OrderPageState")]
internal sealed class OrderPageState
{
    /// <summary>Orders in force, by rising version.</summary>
    [Id(0)]
    public PolicyOrder[] InForce { get; set; } = [];

    /// <summary>The last orders taken, by rising version.</summary>
    [Id(1)]
    public PolicyOrder[] Recent { get; set; } = [];

    /// <summary>The version of the newest order that <see cref="Recent"/> has lost; 0 for none.</summary>
    [Id(2)]
    public ulong ForgottenThrough { get; set; }

    /// <summary>The last number of each operator in this part.</summary>
    [Id(3)]
    public OperatorNumber[] Numbers { get; set; } = [];
}
