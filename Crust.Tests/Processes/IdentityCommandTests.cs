using Crust.Identity.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

public sealed class IdentityCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task New_MakesAPrivateFile_ThatShowReads()
    {
        var file = _folder.PathOf("key");
        var id = await SaysAsync("id", "new", "--out", file);
        id.Should().HaveLength(52);
        (await SaysAsync("id", "show", file)).Should().Be(id);
        using (var identity = IdentityFile.Load(file))
            identity.Id.ToString().Should().Be(id);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var before = File.ReadAllBytes(file);
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "id", "new", "--out", file), 1, "never overwritten");
        File.ReadAllBytes(file).Should().Equal(before);

        await using var show = CrustProcess.Crust(_folder, "id", "show", file, "--json");
        (await show.EventAsync("identity")).Text("peer").Should().Be(id);
    }

    [Fact]
    public async Task Default_LivesInTheUsersConfigurationFolder()
    {
        var id = await SaysAsync("id", "new");
        File.Exists(_folder.PathOf("config/crust/identity")).Should().BeTrue();
        (await SaysAsync("id", "show")).Should().Be(id);
    }

    [Fact]
    public async Task AFileThatOthersCanRead_IsRefused_ByEveryCommand()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        var file = _folder.PathOf("key");
        IdentityFile.Create(file).Dispose();
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "id", "show", file), 1, "chmod 600");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "node", "--identity", file), 1, "chmod 600");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "gateway", "--cluster", "127.0.0.1:1", "--identity", file), 1, "chmod 600");
    }

    [Fact]
    public async Task ADamagedFile_IsRefused_AndKept()
    {
        var file = _folder.PathOf("key");
        IdentityFile.Create(file).Dispose();
        var damaged = File.ReadAllBytes(file);
        damaged[damaged.Length / 2] ^= 1;
        File.WriteAllBytes(file, damaged);
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "id", "show", file), 1, "damaged");
        await MistakeTests.FailsAsync(CrustProcess.Crust(_folder, "node", "--identity", file), 1, "damaged");
        File.ReadAllBytes(file).Should().Equal(damaged);
    }

    private async Task<string> SaysAsync(params string[] arguments)
    {
        await using var process = CrustProcess.Crust(_folder, arguments);
        (await process.ExitAsync()).Should().Be(0, process.ToString());
        process.Error.Should().BeEmpty();
        return process.Output.Should().ContainSingle().Subject;
    }
}
