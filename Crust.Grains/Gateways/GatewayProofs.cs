using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Grains.Gateways;

/// <summary>
/// Tells whether callers are the gateways they say. A credential is verified once and then known by its bytes; after that a call costs one hash. Pure; one thread at a time.
/// </summary>
/// <param name="network">The network.</param>
/// <param name="acceptsMissing">True to believe callers that show nothing at all.</param>
internal sealed class GatewayProofs(NetworkId network, bool acceptsMissing = false)
{
    /// <summary>Most gateways that are remembered. Ours: more than a network has; beyond, all are verified again.</summary>
    internal const int Capacity = 4096;

    private readonly Dictionary<PeerId, (byte[] Signed, ulong Epoch)> _known = [];

    /// <summary>Gateways that are remembered.</summary>
    internal int Count => _known.Count;

    /// <summary>True when the proof is this gateway's.</summary>
    /// <param name="gateway">Who the caller says it is.</param>
    /// <param name="epoch">Which life of it; null when the call does not say.</param>
    /// <param name="proof">What it shows.</param>
    internal bool Holds(PeerId gateway, ulong? epoch, GatewayProof? proof)
    {
        if (proof is null)
            return acceptsMissing;
        // Null where a hostile client left a field out.
        if (proof.SignedCredential is not { } signed || proof.Token is not { } token)
            return false;
        if (_known.TryGetValue(gateway, out var known) && known.Signed.AsSpan().SequenceEqual(signed))
            return (epoch is null || epoch == known.Epoch) && GatewayCredential.Names(signed, token);
        if (!GatewayCredential.TryVerify(signed, network, out var credential) || credential!.Gateway != gateway
            || (epoch is not null && epoch != credential.Epoch) || !GatewayCredential.Names(signed, token))
            return false;
        if (_known.Count >= Capacity)
            _known.Clear();
        _known[gateway] = (signed, credential.Epoch);
        return true;
    }
}
