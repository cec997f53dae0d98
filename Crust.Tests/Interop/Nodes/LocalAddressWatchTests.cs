using System.Net;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Transport.Driver;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>What becomes of a node's links when the address that they leave from is no longer the host's. In the lab, MovingTests change real addresses.</summary>
public sealed class LocalAddressWatchTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _came = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<bool> _suspensions = [];
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.7");

    private volatile HashSet<IPAddress> _present = [IPAddress.Loopback];
    private int _looks;
    private CrustNode _here = null!, _there = null!;

    public async ValueTask InitializeAsync()
    {
        // On every address: of µTP's socket nobody can read off which one a link leaves from.
        _here = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Any, PortMapping = false });
        _there = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback });
        _there.Handle("test", (message, _) =>
        {
            _came.TrySetResult(message.Payload.ToArray());
            return ValueTask.CompletedTask;
        });
        _here.PeerPathChanged += connection => _suspensions.Add(connection.IsSuspended);
    }

    public async ValueTask DisposeAsync()
    {
        await _here.DisposeAsync();
        await _there.DisposeAsync();
    }

    [Theory]
    [InlineData(TransportKind.Tcp)]
    [InlineData(TransportKind.Utp)]
    public async Task ALinkWhoseAddressIsGone_GivesWayToAnother_AndTheConnectionGoesOn(TransportKind transport)
    {
        var connection = await _here.ConnectToAddressAsync(_there.Addresses.First(a => a.Transport == transport), TestContext.Current.CancellationToken);
        await using var watch = Watch();
        _present = [Other];

        watch.HandleChange();

        await Eventually.HoldsAsync(() => _suspensions.Count >= 2 && !connection.IsSuspended, "another link is made, though the other side said nothing");
        _suspensions[0].Should().BeTrue("there was no link for a moment");
        connection.IsOpen.Should().BeTrue();
        await connection.SendAsync("test", new byte[] { 7 }, TestContext.Current.CancellationToken);
        (await _came.Task.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken)).ToArray().Should().Equal(7);
    }

    [Theory]
    [InlineData(TransportKind.Tcp)]
    [InlineData(TransportKind.Utp)]
    public async Task ALinkStays_WhileNothingTakesThePlaceOfItsAddress(TransportKind transport)
    {
        var connection = await _here.ConnectToAddressAsync(_there.Addresses.First(a => a.Transport == transport), TestContext.Current.CancellationToken);
        await using var watch = Watch();
        foreach (HashSet<IPAddress> present in new HashSet<IPAddress>[] { [], [IPAddress.IPv6Loopback], [IPAddress.Loopback, Other] })
        {
            var looks = Volatile.Read(ref _looks);
            _present = present;
            watch.HandleChange();
            await Eventually.HoldsAsync(() => Volatile.Read(ref _looks) > looks, "it looks");
            // The answer comes after whatever a closed link would have led to.
            await connection.PingAsync(TestContext.Current.CancellationToken);
            _suspensions.Should().BeEmpty();
        }

        _present = [Other];
        watch.HandleChange();
        await Eventually.HoldsAsync(() => _suspensions.Count >= 2, "it is gone, and another is there");
    }

    [Fact]
    public async Task AnAddressThatWasNeverListed_IsNotMissed()
    {
        // Routes alone make addresses the host's, which no interface lists.
        _present = [Other];
        var connection = await _here.ConnectToAddressAsync(_there.Addresses.First(a => a.Transport == TransportKind.Tcp), TestContext.Current.CancellationToken);
        await using var watch = Watch();
        var looks = Volatile.Read(ref _looks);

        watch.HandleChange();

        await Eventually.HoldsAsync(() => Volatile.Read(ref _looks) > looks, "it looks");
        await connection.PingAsync(TestContext.Current.CancellationToken);
        _suspensions.Should().BeEmpty();
    }

    [Fact]
    public void TheHost_DoesNotTellItsLoopback_NorTheAddressesOfDocumentation() =>
        LocalAddressWatch.OfHost().Should().NotContain([IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::1")]);

    [Fact]
    public void ALink_LeavesFromItsOwnEnd_OrFromWhereTheRouteToTheOtherBegins()
    {
        var remote = new IPEndPoint(IPAddress.Loopback, 9);

        LocalRoute.SourceOf(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1), remote).Should().Be(IPAddress.Parse("192.0.2.1"));
        LocalRoute.SourceOf(new IPEndPoint(IPAddress.Parse("::ffff:192.0.2.1"), 1), remote).Should().Be(IPAddress.Parse("192.0.2.1"));
        LocalRoute.SourceOf(new IPEndPoint(IPAddress.IPv6Any, 1), remote).Should().Be(IPAddress.Loopback);
        LocalRoute.SourceOf(new IPEndPoint(IPAddress.Any, 1), null).Should().BeNull();
        LocalRoute.SourceOf(null, remote).Should().BeNull("a circuit has no address");
    }

    private LocalAddressWatch Watch() => new(Sessions, Look, TimeProvider.System, NullLogger.Instance);

    private HashSet<IPAddress> Look()
    {
        Interlocked.Increment(ref _looks);
        return _present;
    }

    private IEnumerable<SessionDriver> Sessions() => _here.Connections.Select(c => c.Session);
}
