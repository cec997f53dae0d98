namespace Crust.Grains.Abstractions;

/// <summary>By which a gateway shows the cluster that it is the one it says.</summary>
/// <param name="SignedCredential">Its signed word on this life of it (144 bytes), which names the token's hash.</param>
/// <param name="Token">The secret (32 bytes).</param>
[GenerateSerializer, Alias("crust.GatewayProof"), Immutable]
public sealed record GatewayProof([property: Id(0)] byte[] SignedCredential, [property: Id(1)] byte[] Token)
{
    /// <summary>The credential alone: the token is a secret, and this may be logged.</summary>
    public override string ToString() => nameof(GatewayProof);
}
