using System.Security.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust node --out DIR</c> accepts files, and without it does not.</summary>
public sealed class NodeFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task NodeWithAFolder_AcceptsFiles_AndAnswersPings()
    {
        var content = RandomNumberGenerator.GetBytes(300_000);
        var file = _folder.PathOf("a file");
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        await using var node = CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--identity", _folder.PathOf("node.id"), "--out", _folder.PathOf("in"), "--json");
        var ready = await node.EventAsync("ready");
        (await node.EventAsync("receiving")).Text("folder").Should().Be(_folder.PathOf("in"));

        await using var sender = CrustProcess.Crust(
            _folder, "send", file, ready.Text("peer"), "--listen", "127.0.0.1", "--identity", _folder.PathOf("sender.id"), "--address", ready.Address, "--json");

        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        (await node.EventAsync("done")).Text("path").Should().Be(Path.Combine(_folder.PathOf("in"), "a file"));
        (await File.ReadAllBytesAsync(Path.Combine(_folder.PathOf("in"), "a file"), TestContext.Current.CancellationToken)).Should().Equal(content);
        node.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task NodeWithoutAFolder_AcceptsNone_AndSaysSo()
    {
        var file = _folder.Write("file", "text");
        await using var node = CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--identity", _folder.PathOf("node.id"), "--json");
        var ready = await node.EventAsync("ready");

        await using var sender = CrustProcess.Crust(
            _folder, "send", file, ready.Text("peer"), "--listen", "127.0.0.1", "--identity", _folder.PathOf("sender.id"), "--address", ready.Address, "--json");

        (await sender.ExitAsync()).Should().Be(1, sender.ToString());
        (await sender.EventAsync("failed")).Text("code").Should().Be("not-receiving");
    }

    [Fact]
    public async Task From_NeedsAFolder()
    {
        await using var node = CrustProcess.Crust(_folder, "node", "--from", "snfkyjie7wjqp49tn6jytgnaae4hn8mgfj4opdaoq9x1c19afe8o");
        (await node.ExitAsync()).Should().Be(2);
        string.Join(' ', node.Error).Should().Contain("--from needs --out");
    }
}
