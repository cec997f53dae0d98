using System.Net;
using Crust.Session;
using Crust.Session.Driver;
using Crust.Transport;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>The access list and sessions that have more than one link.</summary>
public sealed class StandbyAccessTests : IAsyncLifetime
{
    private static readonly IPAddress First = IPAddress.Parse("127.0.0.1");
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private readonly TaskCompletionSource<PeerConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CrustNode _node = null!;
    private BarePeer _peer = null!;
    private SessionDriver _session = null!;
    private PeerConnection _connection = null!;

    /// <summary>A session with a direct link from one address, and a standby from another.</summary>
    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has all of 127.0.0.0/8 on its loopback.");
        _node = await StreamTests.StartAsync(o => o.Admission.ExemptLoopback = true);
        _node.Handle("test", (_, _) => ValueTask.CompletedTask);
        _node.PeerConnected += c => _connected.TrySetResult(c);
        _peer = BarePeer.Below(_node.Id);
        _session = await _peer.ConnectAsync(_node, First, ConnectionPath.DirectTcp);
        _connection = await _connected.Task.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        await SendAsync();
        (await _peer.ConnectAsync(_node, Second, ConnectionPath.Relayed)).Should().BeSameAs(_session, "the link joins the session");
        await LinksAsync(2);
        _connection.RemoteEndPoint!.Address.Should().Be(First);
    }

    public async ValueTask DisposeAsync()
    {
        if (_peer is not null)
            await _peer.DisposeAsync();
        if (_node is not null)
            await _node.DisposeAsync();
    }

    [Fact]
    public async Task DeniedNetwork_LosesItsStandbyLinks_AndTheSessionGoesOn()
    {
        // Only the active link was looked at: the standby stayed, and the session would have moved to it.
        _node.Access.Deny(new IPNetwork(Second, 32));

        await LinksAsync(1);
        _connection.RemoteEndPoint!.Address.Should().Be(First);
        await SendAsync();
    }

    [Fact]
    public async Task DeniedNetwork_LosesTheActiveLink_AndTheSessionGoesOnOverTheStandby()
    {
        _node.Access.Deny(new IPNetwork(First, 32));

        await Eventually.HoldsAsync(() => Equals(_connection.RemoteEndPoint?.Address, Second), "the session moves");
        await SendAsync();
        _connection.IsOpen.Should().BeTrue();
    }

    [Fact]
    public async Task SessionEnds_WithTheLastLinkThatIsAllowed()
    {
        _node.Access.Deny(new IPNetwork(Second, 32));
        await LinksAsync(1);

        _node.Access.Deny(new IPNetwork(First, 32));

        await _session.Completion.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        _session.Closure!.Code.Should().Be(GoodbyeCode.Denied);
    }

    [Fact]
    public async Task DeniedPeer_LosesAllItsLinks()
    {
        _node.Access.Deny(_session.Remote == _node.Id ? _connection.Peer : _session.Remote);

        await _session.Completion.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        _session.Closure!.Code.Should().Be(GoodbyeCode.Denied);
        await Eventually.HoldsAsync(() => _node.Connections.Count == 0, "nothing is left");
    }

    private Task SendAsync() => _session.Sender.SendAndConfirmAsync("test", new byte[100], 1, CancellationToken.None).WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);

    private Task LinksAsync(int count) => Eventually.HoldsAsync(
        () => _session.Statistics.Links == count && _connection.Session.Statistics.Links == count, $"both ends have {count} links");
}
