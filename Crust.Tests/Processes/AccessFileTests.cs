using System.Net;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust node --access FILE</c>, as an operator uses it.</summary>
public sealed class AccessFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Edit_EndsThePeersConnection_AndABrokenOneIsOneLine()
    {
        var file = _folder.Write("access", "# everyone\n");
        await using var process = CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--access", file, "--json");
        var address = PeerAddress.Parse((await process.EventAsync("ready")).Address, null);
        await using var peer = await CrustNode.StartAsync(new CrustNodeOptions { Listen = IPAddress.Loopback }, TestContext.Current.CancellationToken);
        var connection = await peer.ConnectToAddressAsync(address);

        _folder.Write("access", "# everyone\ndeny everyone\n");
        await Eventually.HoldsAsync(() => process.Error.Count > 0, "the mistake is told");
        process.Error.Should().ContainSingle().Which.Should().Contain("line 2: 'everyone' is neither a peer id nor a network").And.Contain("the last good rules stay in force");
        (await connection.PingAsync()).Should().BePositive();

        _folder.Write("access", $"deny {peer.Id}\n");
        (await process.EventAsync("disconnected")).Text("peer").Should().Be(peer.Id.ToString());
        await connection.Completion.WaitAsync(Eventually.Soon);
        connection.CloseReason.Should().Contain("does not allow this peer");
        process.Error.Should().ContainSingle();
    }

    [Fact]
    public async Task WrongFile_AtTheStart_IsOneLine_AndNothingListens()
    {
        var file = _folder.Write("access", "allow\n");
        await using var process = CrustProcess.Crust(_folder, "node", "--access", file);

        (await process.ExitAsync()).Should().Be(1);

        process.Error.Should().ContainSingle().Which.Should().Contain($"The access file {file} is wrong: line 1: expected 'allow PEERID'");
        process.Output.Should().BeEmpty();
    }
}
