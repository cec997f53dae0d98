using System.Security.Cryptography;
using Crust.Grains.Abstractions;
using Crust.Identity;

namespace Crust.Gateway.Cluster;

/// <summary>Makes what a gateway shows the cluster in this life of it.</summary>
internal static class GatewayLifeProof
{
    /// <summary>Signs a credential for a new token.</summary>
    internal static GatewayProof Create(PeerIdentity gateway, NetworkId network, ulong epoch, DateTimeOffset now)
    {
        var token = RandomNumberGenerator.GetBytes(GatewayCredential.TokenLength);
        return new GatewayProof(GatewayCredential.Sign(gateway, network, epoch, now, token), token);
    }
}
