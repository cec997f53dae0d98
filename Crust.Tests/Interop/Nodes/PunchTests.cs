using System.Net;
using Crust.Nat.HolePunching;
using Crust.Session.Driver;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Two real nodes with a session make another link by a punch, on loopback: nothing is in the way, but everything else is real.</summary>
public sealed class PunchTests(ITestOutputHelper output)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task AUtpLink_ComesOfAPunch_WhoeverOffers(bool lowerOffers, bool fresh)
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var (offering, other) = (a.Id < b.Id) == lowerOffers ? (a, b) : (b, a);
        var session = await ConnectAsync(offering, other);
        var reports = new List<AttemptReport>();
        var told = new TaskCompletionSource();
        other.Puncher!.Ended += (_, report) =>
        {
            reports.Add(report);
            told.TrySetResult();
        };

        var report = await offering.Puncher!.PunchAsync(session, fresh, Cancelled);

        output.WriteLine($"{report}");
        report.Failure.Should().Be(PunchFailure.None);
        report.IsInitiator.Should().BeTrue();
        await told.Task.WaitAsync(Eventually.Soon, Cancelled);
        reports.Should().ContainSingle().Which.Failure.Should().Be(PunchFailure.None);
        report.Linked.Should().BeLessThan(TimeSpan.FromSeconds(15));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ATcpLink_ComesOfAPunch_WhoeverOffers(bool lowerOffers)
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var (offering, other) = (a.Id < b.Id) == lowerOffers ? (a, b) : (b, a);
        var session = await ConnectAsync(offering, other);

        var report = await offering.TcpPuncher!.PunchAsync(session, Cancelled);

        output.WriteLine($"{report}");
        report.Failure.Should().Be(PunchFailure.None);
        report.Linked.Should().BeLessThan(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task APunch_Succeeds_WhereOneInsistsOnSignatures()
    {
        await using var a = await StartAsync(requireSignatures: true);
        await using var b = await StartAsync();
        var session = await ConnectAsync(a, b);

        (await b.Puncher!.PunchAsync(b.Connections.Single().Session, fresh: false, Cancelled)).Failure.Should().Be(PunchFailure.None);
        (await a.TcpPuncher!.PunchAsync(session, Cancelled)).Failure.Should().Be(PunchFailure.None);
    }

    [Fact]
    public async Task AnOffer_IsAnsweredOnceAtATime_AndNotWithoutEnd()
    {
        await using var a = await StartAsync();
        await using var b = await StartAsync();
        var session = await ConnectAsync(a, b);
        var failures = new List<PunchFailure>();
        for (var i = 0; i < 9; i++)
            failures.Add((await a.Puncher!.PunchAsync(session, fresh: false, Cancelled)).Failure);

        failures.Take(6).Should().AllBeEquivalentTo(PunchFailure.None);
        failures[^1].Should().Be(PunchFailure.Busy, "six in a row are enough");
    }

    private static async Task<CrustNode> StartAsync(bool requireSignatures = false) =>
        await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback, RequireSignatures = requireSignatures }, Cancelled);

    private static async Task<SessionDriver> ConnectAsync(CrustNode a, CrustNode b)
    {
        var connection = await a.ConnectToAddressAsync(b.Addresses.Single(x => x.Transport == Identity.TransportKind.Tcp), Cancelled);
        connection.Path.Should().Be(ConnectionPath.DirectTcp);
        await Eventually.HoldsAsync(() => b.Connections.Count == 1, "both have the session");
        return connection.Session;
    }
}
