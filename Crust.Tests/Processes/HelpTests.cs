using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

public sealed class HelpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "ping")]
    [InlineData("id", "show")]
    [InlineData("id new", "--out")]
    [InlineData("id show", "FILE")]
    [InlineData("gateway", "--cluster")]
    [InlineData("node", "--bootstrap")]
    [InlineData("node", "--out")]
    [InlineData("ping", "PEERID")]
    [InlineData("ping", "any|direct|relay")]
    [InlineData("node", "--udp-port")]
    [InlineData("gateway", "--udp-port")]
    [InlineData("gateway", "--alternate")]
    [InlineData("doctor", "--bootstrap")]
    [InlineData("admin", "audit")]
    [InlineData("admin ban", "--reason")]
    [InlineData("admin drain", "GATEWAYID")]
    [InlineData("admin list", "--tls-cert")]
    [InlineData("admin audit", "--count")]
    [InlineData("send", "--receipt")]
    [InlineData("receive", "--out")]
    public Task Crust_ExplainsItself(string command, string what) => ExplainsAsync(CrustProcess.Crust(_folder, Words(command)), what);

    [Theory]
    [InlineData("", "--profile")]
    [InlineData("", "--access")]
    [InlineData("demo", "--exit")]
    public Task Silo_ExplainsItself(string command, string what) => ExplainsAsync(CrustProcess.Silo(_folder, Words(command)), what);

    private static string[] Words(string command) => [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"];

    private static async Task ExplainsAsync(CrustProcess process, string what)
    {
        await using (process)
        {
            (await process.ExitAsync()).Should().Be(0, process.ToString());
            process.Error.Should().BeEmpty();
            string.Join('\n', process.Output).Should().Contain(what).And.Contain("Usage:").And.Contain("--help");
        }
    }
}
