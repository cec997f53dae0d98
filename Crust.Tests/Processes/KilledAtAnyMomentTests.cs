using Crust.Identity;
using Crust.Identity.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

[Trait("speed", "slow")]
public sealed class KilledAtAnyMomentTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>Starts of each kind that are cut short. Ours: each costs half a second.</summary>
    private const int Starts = 5;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gateway")]
    [InlineData("node")]
    public async Task Kill_NeverSpoilsTheIdentityFile(string kind)
    {
        var file = _folder.PathOf("running");
        var id = await RunAndKillAsync(kind, file);
        (await RunAndKillAsync(kind, file)).Should().Be(id, "the file of a killed process is that of the next");
        using (var kept = IdentityFile.Load(file))
            kept.Id.Should().Be(id);

        var whole = 0;
        for (var i = 0; i < Starts; i++)
        {
            // The moment at which anything of the file is there: while it is written, flushed or renamed, or soon after.
            var folder = Directory.CreateDirectory(_folder.PathOf($"fresh{i}")).FullName;
            var fresh = Path.Combine(folder, "key");
            await using var process = Start(kind, fresh);
            await Eventually.HoldsAsync(() => Directory.EnumerateFiles(folder).Any(), "the identity is being made");
            await process.KillAsync();
            if (!File.Exists(fresh))
                continue;
            whole++;
            IdentityFile.Load(fresh).Dispose();
        }

        output.WriteLine($"{kind}: of {Starts} killed while they made their identity {whole} had it, whole; {Starts - whole} had none yet");
        await RunAndKillAsync(kind, Path.Combine(_folder.PathOf("fresh0"), "key"));
    }

    private async Task<PeerId> RunAndKillAsync(string kind, string file)
    {
        await using var process = Start(kind, file);
        var ready = await process.EventAsync("ready");
        await process.KillAsync();
        return PeerId.Parse(ready.Text("peer"), null);
    }

    private CrustProcess Start(string kind, string file) => kind == "gateway"
        ? CrustProcess.Crust(_folder, "gateway", "--listen", "127.0.0.1", "--cluster", "127.0.0.1:1", "--identity", file, "--json")
        : CrustProcess.Crust(_folder, "node", "--listen", "127.0.0.1", "--identity", file, "--json");
}
