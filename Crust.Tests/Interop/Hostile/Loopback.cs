using System.Net;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Nodes on loopback, and the question that ends each attack: does an honest peer still get through?</summary>
internal static class Loopback
{
    internal static Task<CrustNode> StartAsync(Action<CrustNodeOptions>? configure = null)
    {
        // Sessions end with their link, so that an attack on that shows.
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback, ResumeTimeout = TimeSpan.Zero };
        configure?.Invoke(options);
        return CrustNode.StartAsync(options, TestContext.Current.CancellationToken);
    }

    /// <summary>An honest peer connects and its signed message is acknowledged.</summary>
    internal static async Task ServesHonestPeersAsync(CrustNode node)
    {
        await using var honest = await StartAsync();
        var connection = await honest.ConnectToAddressAsync(node.Addresses[0]).WaitAsync(Eventually.Soon);
        connection.SendsSigned.Should().BeTrue();
        (await connection.PingAsync().WaitAsync(Eventually.Soon)).Should().BePositive();
        await connection.CloseAsync().WaitAsync(Eventually.Soon);
    }

    /// <summary>No session is left over.</summary>
    internal static Task HasNoSessionsAsync(CrustNode node) => Eventually.HoldsAsync(() => node.Connections.Count == 0, "no session may be left over");
}
