using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust doctor</c> where there is nothing to find: on loopback.</summary>
[Trait("speed", "slow")]
public sealed class DoctorTests
{
    [Fact]
    public async Task WithAGateway_ItTellsThatNothingStandsBetween()
    {
        using var folder = new TemporaryFolder();
        await using var gateway = CrustProcess.Crust(
            folder, "gateway", "--listen", "127.0.0.1", "--alternate", "127.0.0.2", "--cluster", "127.0.0.1:1", "--identity", folder.PathOf("gateway"), "--json");
        var addresses = (await gateway.EventAsync("ready")).Addresses;
        await using var doctor = CrustProcess.Crust(folder, ["doctor", .. addresses.SelectMany(a => new[] { "--bootstrap", a })]);
        (await doctor.ExitAsync()).Should().Be(0, doctor.ToString());
        var said = string.Join('\n', doctor.Output);
        said.Should().Contain("UDP over IPv4: seen from outside as 127.0.0.1:").And.Contain("TCP over IPv4: seen from outside as 127.0.0.1:")
            .And.Contain("no address translation; strangers' packets come in.").And.Contain("Anybody reaches this host directly");
        doctor.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task WithoutAnAnswer_ItTellsOfEachAddress_AndFails()
    {
        using var folder = new TemporaryFolder();
        var nobody = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)7, 32)]).Id;
        await using var doctor = CrustProcess.Crust(folder, "doctor", "--bootstrap", $"tcp://127.0.0.1:1/{nobody}", "--bootstrap", $"utp://127.0.0.1:1/{nobody}", "--json");
        (await doctor.ExitAsync()).Should().Be(1);
        doctor.Events.Where(e => e.Name == "reach").Select(e => (e.Text("protocol"), e.Text("answer"))).Should().BeEquivalentTo([("tcp", "refused"), ("udp", "silence")]);
        doctor.Events[^1].Name.Should().Be("failed");
        doctor.Events[^1].Text("why").Should().Contain("UDP is blocked, TCP gets through");
        doctor.Error.Should().ContainSingle();
    }

    [Fact]
    public async Task AnAlternateAddress_NeedsAListenerOnOneOther()
    {
        using var folder = new TemporaryFolder();
        foreach (var listen in new[] { new[] { "--listen", "127.0.0.2" }, ["--listen", "::1"], [] })
        {
            await using var gateway = CrustProcess.Crust(folder, ["gateway", .. listen, "--alternate", "127.0.0.2", "--cluster", "127.0.0.1:1", "--identity", folder.PathOf("gateway")]);
            (await gateway.ExitAsync()).Should().Be(1);
            gateway.Error.Should().ContainSingle().Which.Should().Contain("--alternate 127.0.0.2 needs --listen");
        }
    }
}
