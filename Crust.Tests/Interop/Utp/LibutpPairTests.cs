using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>libutp against itself through the proxy: the ground on which the tests of our side stand. What fails here is no fault of ours.</summary>
[Trait("speed", "slow"), Collection(Foreign.Name)]
public sealed class LibutpPairTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Content_IsIdentical_BothWays(bool isLossy)
    {
        Libutp.Require();
        await using var listener = Libutp.Listen("--send", "300000", "--seed", "2");
        await using var proxy = new DatagramProxy((await listener.EventAsync("listening")).Number("port"), isLossy ? Bad : new ProxyOptions());
        await using var dialler = Libutp.Dial(proxy.Port, "--send", "200000", "--seed", "3");

        var sent = HashedContent.From(await dialler.EventAsync("sent"));
        HashedContent.From(await listener.EventAsync("received")).Should().Be(sent);
        HashedContent.From(await dialler.EventAsync("received")).Should().Be(HashedContent.From(await listener.EventAsync("sent")));
        (await dialler.EventAsync("closed")).Body.GetProperty("error").GetString().Should().BeNull();
        (proxy.Lost > 0).Should().Be(isLossy);
    }

    [Fact]
    public async Task TsharkReadsBackWhatWasCaptured()
    {
        Libutp.Require();
        Tshark.Require();
        await using var listener = Libutp.Listen("--after-end", "--send", "3000");
        await using var proxy = new DatagramProxy((await listener.EventAsync("listening")).Number("port"), new ProxyOptions());
        await using var dialler = Libutp.Dial(proxy.Port, "--send", "50000");
        await dialler.EventAsync("closed");

        var recorded = proxy.Recorded;
        Tshark.ShouldDissect(recorded);
        var rows = Tshark.Dissect(recorded);
        rows.Select(row => Convert.ToHexString(row.Payload)).Should().Equal(recorded.Select(d => Convert.ToHexString(d.Payload)));
        rows.Select(row => row.IsFromDialler).Should().Equal(recorded.Select(d => d.IsFromDialler));
    }

    [Fact]
    public void TsharkObjectsToWhatIsBroken()
    {
        Tshark.Require();
        // A selective acknowledgement of 200 bytes in a packet that ends before them; and something that is no µTP at all.
        byte[] cut = [0x21, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 0, 1, 0x00, 200, 1, 2];
        byte[] strange = "no header of this protocol"u8.ToArray();

        var rows = Tshark.Dissect([new ProxiedDatagram(0, true, cut), new ProxiedDatagram(1, true, strange)]);

        rows[0].Malformed.Should().NotBeEmpty();
        rows[1].Header.Should().BeNull();
    }

    private static ProxyOptions Bad => new() { Seed = 4, Loss = 0.01, Reordering = 0.02, Duplication = 0.01 };
}
