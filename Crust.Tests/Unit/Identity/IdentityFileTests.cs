using Crust.Identity;
using Crust.Identity.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class IdentityFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crust-identity-").FullName;

    private string FilePath => Path.Combine(_folder, "sub", "identity");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Create_StoresWhatLoadReads_ForTheOwnerAlone()
    {
        using var created = IdentityFile.Create(FilePath);
        using var loaded = IdentityFile.Load(FilePath);
        loaded.Id.Should().Be(created.Id);
        var lines = File.ReadAllLines(FilePath);
        lines.Should().HaveCount(3);
        lines[0].Should().Be("crust identity v1");
        lines[1].Should().Be($"# id {created.Id}");
        var seed = new byte[32];
        created.ExportSeed(seed);
        lines[2].Should().Be(Convert.ToBase64String(seed));
        Directory.GetFiles(Path.GetDirectoryName(FilePath)!).Should().Equal(FilePath);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(FilePath).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.GetUnixFileMode(Path.GetDirectoryName(FilePath)!).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void Create_NeverOverwrites_UnlessAsked()
    {
        using var first = IdentityFile.Create(FilePath);
        FluentActions.Invoking(() => IdentityFile.Create(FilePath)).Should().Throw<IdentityFileException>().WithMessage("*there is one already*");
        using (var loaded = IdentityFile.Load(FilePath))
            loaded.Id.Should().Be(first.Id);
        Directory.GetFiles(Path.GetDirectoryName(FilePath)!).Should().Equal(FilePath);
        using var second = IdentityFile.Create(FilePath, overwrite: true);
        using (var loaded = IdentityFile.Load(FilePath))
            loaded.Id.Should().Be(second.Id).And.NotBe(first.Id);
    }

    [Fact]
    public void LoadOrCreate_CreatesOnce_AndNeverReplacesADamagedFile()
    {
        using var created = IdentityFile.LoadOrCreate(FilePath);
        using var loaded = IdentityFile.LoadOrCreate(FilePath);
        loaded.Id.Should().Be(created.Id);
        Overwrite("nonsense");
        FluentActions.Invoking(() => IdentityFile.LoadOrCreate(FilePath)).Should().Throw<IdentityFileException>().WithMessage("*damaged*");
        File.ReadAllText(FilePath).Should().Be("nonsense");
    }

    [Fact]
    public async Task LoadOrCreate_GivesAllThatStartAtOnceTheSameIdentity()
    {
        var identities = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => IdentityFile.LoadOrCreate(FilePath))));
        identities.Select(i => i.Id).Distinct().Should().ContainSingle();
    }

    [Fact]
    public void LoadOrCreate_GivesAllThatStartAtOnceTheSameIdentity_EveryTime()
    {
        // The move that should not overwrite looked first and renamed then: the later of two replaced the key that the earlier had loaded.
        const int Rounds = 100, Threads = 8;
        using var start = new Barrier(Threads);
        var ids = new PeerId[Rounds, Threads];
        var workers = Enumerable.Range(0, Threads).Select(mine => new Thread(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                start.SignalAndWait();
                using var identity = IdentityFile.LoadOrCreate(Path.Combine(_folder, "many", $"{round}"));
                ids[round, mine] = identity.Id;
            }
        })).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());

        for (var round = 0; round < Rounds; round++)
        {
            using var stored = IdentityFile.Load(Path.Combine(_folder, "many", $"{round}"));
            Enumerable.Range(0, Threads).Select(t => ids[round, t].ToString()).Should().OnlyContain(id => id == stored.Id.ToString(), "of round {0}", round);
        }

        Directory.GetFiles(Path.Combine(_folder, "many")).Should().HaveCount(Rounds, "and nothing else is left");
    }

    [Fact]
    public void Remains_OfAKilledProcess_AreDeleted_ButNothingElse()
    {
        IdentityFile.Create(FilePath).Dispose();
        var stale = FilePath + ".0123456789abcdef.tmp";
        string[] others =
        [
            FilePath + ".fedcba9876543210.tmp", FilePath + ".0123456789ABCDEF.tmp", FilePath + ".0123456789abcde.tmp", FilePath + ".0123456789abcdef.tm",
            FilePath + "-2.0123456789abcdef.tmp", FilePath + ".tmp",
        ];
        foreach (var file in others.Prepend(stale))
        {
            File.WriteAllText(file, "half a key");
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow - TimeSpan.FromHours(1));
        }

        // Somebody else may be writing this one right now.
        File.SetLastWriteTimeUtc(others[0], DateTime.UtcNow);

        IdentityFile.LoadOrCreate(FilePath).Dispose();

        Directory.GetFiles(Path.GetDirectoryName(FilePath)!).Should().BeEquivalentTo(others.Append(FilePath));
    }

    [Fact]
    public void Load_SaysWhatIsMissing()
    {
        FluentActions.Invoking(() => IdentityFile.Load(FilePath)).Should().Throw<IdentityFileException>().WithMessage("There is no identity file*");
        FluentActions.Invoking(() => IdentityFile.Load(Path.Combine(_folder, "nothing"))).Should().Throw<IdentityFileException>().WithMessage("There is no identity file*");
        FluentActions.Invoking(() => IdentityFile.Load(_folder)).Should().Throw<IdentityFileException>().WithMessage("*cannot be read*");
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void Load_RefusesFilesThatOthersCanOpen(UnixFileMode open)
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has no file modes.");
        IdentityFile.Create(FilePath).Dispose();
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(FilePath, UnixFileMode.UserRead | UnixFileMode.UserWrite | open);
        FluentActions.Invoking(() => IdentityFile.Load(FilePath)).Should().Throw<IdentityFileException>().WithMessage("*chmod 600*");
    }

    [Fact]
    public void Load_RefusesDamagedFiles()
    {
        using var identity = IdentityFile.Create(FilePath);
        using var other = PeerIdentity.Create();
        var lines = File.ReadAllLines(FilePath);
        foreach (var text in new[]
        {
            "", "crust identity v1", $"crust identity v2\n{lines[1]}\n{lines[2]}\n", $"{lines[1]}\n{lines[2]}\n", $"{lines[0]}\n{lines[1]}\n", $"{lines[0]}\n{lines[1]}\n{lines[2]}\n{lines[2]}\n",
            $"{lines[0]}\n# id {other.Id}\n{lines[2]}\n", $"{lines[0]}\n# id nobody\n{lines[2]}\n", $"{lines[0]}\n{lines[1]}\n{lines[2][1..]}\n", $"{lines[0]}\n{lines[1]}\n!{lines[2][1..]}\n",
            $"{lines[0]}\n{lines[1]}\n{lines[2]}AAAA\n", string.Join('\n', lines) + "\n#" + new string('x', 3000),
        })
        {
            Overwrite(text);
            FluentActions.Invoking(() => IdentityFile.Load(FilePath)).Should().Throw<IdentityFileException>($"of '{text}'").WithMessage("*damaged*");
        }

        // Comments, blank lines and Windows line ends are welcome, and the id line is not needed.
        Overwrite($"{lines[0]}\r\n\r\n# mine\r\n{lines[2]}\r\n");
        using var loaded = IdentityFile.Load(FilePath);
        loaded.Id.Should().Be(identity.Id);
    }

    /// <summary>A flipped bit of the seed would silently be another peer; the id line finds it.</summary>
    [Fact]
    public void Load_RefusesEveryFlippedByteOfTheSeed()
    {
        IdentityFile.Create(FilePath).Dispose();
        var bytes = File.ReadAllBytes(FilePath);
        for (var i = bytes.Length - 45; i < bytes.Length - 1; i++)
        {
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 1;
            File.WriteAllBytes(FilePath, changed);
            FluentActions.Invoking(() => IdentityFile.Load(FilePath)).Should().Throw<IdentityFileException>("byte {0} was changed", i);
        }
    }

    [Fact]
    public void DefaultPath_IsInTheUsersConfigurationFolder() => IdentityFile.DefaultPath.Should().EndWith(Path.Combine("crust", "identity"));

    private void Overwrite(string text) => File.WriteAllText(FilePath, text);
}
