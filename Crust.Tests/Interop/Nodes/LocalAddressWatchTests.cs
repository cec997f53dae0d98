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
        await using var watch = Watch(static address => !address.Equals(IPAddress.Loopback));

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
    public async Task LinksFromAddressesThatAreThere_Stay(TransportKind transport)
    {
        await _here.ConnectToAddressAsync(_there.Addresses.First(a => a.Transport == transport), TestContext.Current.CancellationToken);
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var watch = Watch(address =>
        {
            looked.TrySetResult();
            return address.Equals(IPAddress.Loopback);
        });

        watch.HandleChange();

        await looked.Task.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        await watch.DisposeAsync();
        _suspensions.Should().BeEmpty();
        _here.Connections.Should().ContainSingle().Which.IsSuspended.Should().BeFalse();
    }

    [Fact]
    public void TheHost_HasItsLoopback_AndNotTheAddressesOfDocumentation()
    {
        var isPresent = LocalAddressWatch.LookAtHost();

        isPresent(IPAddress.Loopback).Should().BeTrue();
        isPresent(IPAddress.Parse("127.9.9.9")).Should().BeTrue();
        isPresent(IPAddress.IPv6Loopback).Should().BeTrue();
        isPresent(IPAddress.Parse("192.0.2.1")).Should().BeFalse();
        isPresent(IPAddress.Parse("2001:db8::1")).Should().BeFalse();
    }

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

    private LocalAddressWatch Watch(Func<IPAddress, bool> isPresent) => new(Sessions, () => isPresent, TimeProvider.System, NullLogger.Instance);

    private IEnumerable<SessionDriver> Sessions() => _here.Connections.Select(c => c.Session);
}
