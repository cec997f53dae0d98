using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>Wireshark reads every packet that we send as µTP, and none as malformed: opening, data, loss with selective acknowledgements, both ends, resets.</summary>
[Trait("speed", "slow"), Collection(Foreign.Name)]
public sealed class TsharkTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TwoOfOurs_AreReadable(bool isLossy)
    {
        Tshark.Require();
        await using var listening = new UtpHost();
        await using var dialling = new UtpHost();
        var options = isLossy ? new ProxyOptions { Seed = 3, Loss = 0.02, Reordering = 0.03, Duplication = 0.01 } : new ProxyOptions();
        await using var proxy = new DatagramProxy(listening.Port, options);
        var link = await dialling.DialAsync(proxy.Port);
        var sending = Task.Run(async () =>
        {
            var content = await HashedContent.SendAsync(link.Transport.Output, 400_000, seed: 1);
            await link.Transport.Output.CompleteAsync();
            return content;
        });
        var accepted = await listening.AcceptAsync();
        var received = await HashedContent.ReceiveAsync(accepted.Transport.Input).WaitAsync(InteropProcess.Patience);
        (await sending.WaitAsync(InteropProcess.Patience)).Should().Be(received);
        // The other direction ends by force.
        await HashedContent.SendAsync(accepted.Transport.Output, 100_000, seed: 2).WaitAsync(InteropProcess.Patience);
        accepted.Abort(new Microsoft.AspNetCore.Connections.ConnectionAbortedException());
        var reading = () => HashedContent.ReceiveAsync(link.Transport.Input).WaitAsync(InteropProcess.Patience);
        await reading.Should().ThrowAsync<IOException>();
        await link.DisposeAsync();
        await accepted.DisposeAsync();

        var recorded = proxy.Recorded;
        Tshark.ShouldDissect(recorded);
        int[] types = [ProxiedDatagram.Data, ProxiedDatagram.Fin, ProxiedDatagram.State, ProxiedDatagram.Reset, ProxiedDatagram.Syn];
        recorded.Select(d => d.Type).Distinct().Should().BeEquivalentTo(types);
        if (isLossy)
            recorded.Should().Contain(d => d.Type == ProxiedDatagram.State && d.FirstExtension == 1, "what is lost is answered by selective acknowledgements");
    }

    [Fact]
    public async Task OursWithLibutp_IsReadable()
    {
        Tshark.Require();
        Libutp.Require();
        await using var listener = Libutp.Listen("--send", "300000");
        await using var proxy = new DatagramProxy(
            (await listener.EventAsync("listening")).Number("port"), new ProxyOptions { Seed = 5, Loss = 0.01, Reordering = 0.02 });
        await using var host = new UtpHost();
        await using var link = await host.DialAsync(proxy.Port);
        await HashedContent.SendAsync(link.Transport.Output, 300_000, seed: 1).WaitAsync(InteropProcess.Patience);
        await link.Transport.Output.CompleteAsync();
        (await HashedContent.ReceiveAsync(link.Transport.Input).WaitAsync(InteropProcess.Patience)).Bytes.Should().Be(300_000);

        Tshark.ShouldDissect([.. proxy.Recorded.Where(d => d.IsFromDialler)]);
    }
}
