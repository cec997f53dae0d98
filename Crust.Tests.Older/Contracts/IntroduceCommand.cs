using Crust.Identity;

namespace Crust.Tests.Older.Contracts;

/// <summary>Tell an attached peer that another one wants to reach it.</summary>
/// <param name="Target">The attached peer.</param>
/// <param name="CallerSignedRecord">The caller's signed record, which names the caller and its addresses.</param>
/// <param name="AttemptId">16 bytes, the caller's: repeats of one attempt are known by it.</param>
[GenerateSerializer, Alias("crust.IntroduceCommand"), Immutable]
public sealed record IntroduceCommand([property: Id(0)] PeerId Target, [property: Id(1)] byte[] CallerSignedRecord, [property: Id(2)] byte[] AttemptId)
    : GatewayCommand
{
    /// <summary>Bytes of an attempt id.</summary>
    public const int AttemptIdLength = 16;
}
