using System.Net;
using System.Text;
using Crust.Gateway.Server;
using Crust.Identity;
using Crust.Tests.Architecture;
using FluentAssertions;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

public sealed class ReadmeExampleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Readme_ShowsTheCodeThatIsCompiled()
    {
        var source = Lines("Crust.Tests/Interop/Nodes/ReadmeExample.cs");
        var start = source.FindIndex(line => line.Contains("RunAsync(", StringComparison.Ordinal)) + 2;
        var end = source.FindIndex(start, line => line == "    }");
        var body = source[start..end].ConvertAll(line => line.Length >= 8 ? line[8..] : line);
        var readme = Lines("README.md");
        var fence = readme.IndexOf("```csharp");
        body.Should().HaveCountGreaterThan(5);
        fence.Should().BeGreaterThan(0);
        readme[(fence + 1)..readme.IndexOf("```", fence + 1)].Should().Equal(body);
    }

    [Fact]
    public async Task Example_ReachesBrunoByHisIdAlone()
    {
        var token = TestContext.Current.CancellationToken;
        using var gatewayKey = PeerIdentity.Create();
        // No cluster answers there: what is attached to one gateway finds each other all the same.
        await using var gateway = await GatewayServer.StartAsync(
            new GatewayOptions { Identity = gatewayKey, Listen = IPAddress.Loopback, Cluster = ["127.0.0.1:1"] },
            NullLoggerFactory.Instance, TimeProvider.System, token);
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback };
        options.Bootstrap.Add(gateway.Addresses[0]);
        await using var bruno = await CrustNode.StartAsync(options, token);
        var heard = new TaskCompletionSource<(string Text, bool IsSigned)>(TaskCreationOptions.RunContinuationsAsynchronously);
        bruno.Handle("hello/1", (message, _) =>
        {
            heard.TrySetResult((Encoding.UTF8.GetString(message.Payload.Span), message.IsSigned));
            return ValueTask.CompletedTask;
        });
        var folder = Directory.CreateTempSubdirectory("crust-readme-");
        try
        {
            var file = Path.Combine(folder.FullName, "anna.id");
            await ReadmeExample.RunAsync(file, gateway.Addresses[0].ToString(), bruno.Id.ToString()).WaitAsync(Patience, token);
            var message = await heard.Task.WaitAsync(Patience, token);
            message.Text.Should().Be("Hello, Bruno.");
            message.IsSigned.Should().BeTrue();
            File.Exists(file).Should().BeTrue();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<string> Lines(string path) => [.. File.ReadAllText(RepositoryRoot.PathOf(path)).Split('\n').Select(line => line.TrimEnd('\r'))];
}
