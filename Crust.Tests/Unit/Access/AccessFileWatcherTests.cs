using System.Collections.Concurrent;
using System.Diagnostics;
using Crust.Access;
using Crust.Access.Driver;
using Crust.Identity;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Unit.Access;

/// <summary>Real files; the clock is the test's own where nobody notifies, the system's where the promise is a time.</summary>
public sealed class AccessFileWatcherTests : IDisposable
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("crust-access-").FullName;
    private readonly PeerId _alice = NewPeer(), _bob = NewPeer();
    private readonly PeerAccess _access = new();
    private readonly Lines _log = new();

    private string FilePath => Path.Combine(_folder, "access");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_AppliesTheFile()
    {
        File.WriteAllText(FilePath, $"deny {_alice}\n");

        New(TimeProvider.System).Load();

        _access.Rules.Allows(_alice).Should().BeFalse();
        _log.All.Should().ContainSingle().Which.Should().Contain("is in force").And.Contain("1 peers and 0 networks denied");
    }

    [Fact]
    public void Load_RefusesAMissingAndAWrongFile_AndNamesTheLine()
    {
        FluentActions.Invoking(New(TimeProvider.System).Load).Should().Throw<FileNotFoundException>();
        File.WriteAllText(FilePath, $"deny {_alice}\nnonsense\n");

        FluentActions.Invoking(New(TimeProvider.System).Load).Should().Throw<InvalidDataException>().WithMessage($"The access file {FilePath} is wrong: line 2: *");
        File.WriteAllBytes(FilePath, [0xFF, 0xFE, 0x00]);
        FluentActions.Invoking(New(TimeProvider.System).Load).Should().Throw<InvalidDataException>().WithMessage("*is not UTF-8*");
        _access.Rules.Should().BeSameAs(AccessRules.Everyone);
    }

    [Fact]
    public async Task Edits_InPlaceAndByRename_CountWithinTwoSeconds()
    {
        await using var watcher = Watch($"deny {_alice}\n", TimeProvider.System);

        File.AppendAllText(FilePath, $"deny {_bob}\n");
        await TakesAsync("an edit in place", () => !_access.Rules.Allows(_bob));

        Replace("# nobody\n");
        await TakesAsync("an atomic replacement", () => _access.Rules.Allows(_alice) && _access.Rules.Allows(_bob));

        // And again: what watches the file and not the folder sees the first replacement alone.
        Replace($"deny {_bob}\n");
        await TakesAsync("another replacement", () => !_access.Rules.Allows(_bob));
        _log.Errors.Should().BeEmpty();
    }

    [Fact]
    public async Task BrokenEdit_KeepsTheLastGoodRules_AndSaysSoOnce_AndARepairCounts()
    {
        await using var watcher = Watch($"deny {_alice}\n", TimeProvider.System);

        Replace($"deny {_bob}\ndeny nonsense\n");
        await TakesAsync("the complaint", () => !_log.Errors.IsEmpty);
        _access.Rules.Allows(_alice).Should().BeFalse();
        _access.Rules.Allows(_bob).Should().BeTrue("half a list is none");
        _log.Errors.Should().ContainSingle().Which.Should().Contain(FilePath).And.Contain("line 2: 'nonsense' is neither a peer id nor a network").And.NotContain("\n");

        Replace($"deny {_bob}\n");
        await TakesAsync("the repair", () => !_access.Rules.Allows(_bob));
        _access.Rules.Allows(_alice).Should().BeTrue();
        _log.Errors.Should().ContainSingle();
    }

    [Fact]
    public async Task Deletion_KeepsTheLastGoodRules_AndSaysSoOnce_AndTheFilesReturnCounts()
    {
        await using var watcher = Watch($"deny {_alice}\n", TimeProvider.System);

        File.Delete(FilePath);
        await TakesAsync("the complaint", () => !_log.Errors.IsEmpty);
        _access.Rules.Allows(_alice).Should().BeFalse();
        _log.Errors.Should().ContainSingle().Which.Should().Contain("the last good rules stay in force: it is gone");

        File.WriteAllText(FilePath, $"deny {_bob}\n");
        await TakesAsync("the return", () => !_access.Rules.Allows(_bob));
        _log.Errors.Should().ContainSingle();
    }

    [Fact]
    public async Task EmptiedFile_LetsNobodyIn()
    {
        await using var watcher = Watch($"deny {_alice}\n", TimeProvider.System);

        File.WriteAllText(FilePath, "");
        await TakesAsync("the complaint", () => !_log.Errors.IsEmpty);

        _access.Rules.Allows(_alice).Should().BeFalse();
        _log.Errors.Should().ContainSingle().Which.Should().Contain("is empty");
    }

    [Fact]
    public async Task LinkedFile_IsFollowed_WhenTheLinkLeadsElsewhere()
    {
        // How a cluster's mounted configuration changes: the link's own times do not tell.
        File.WriteAllText(Path.Combine(_folder, "first"), $"deny {_alice}\n");
        File.WriteAllText(Path.Combine(_folder, "second"), $"deny {_bob}\n");
        // And neither the file's time nor its length does, when both were written together.
        File.SetLastWriteTimeUtc(Path.Combine(_folder, "second"), File.GetLastWriteTimeUtc(Path.Combine(_folder, "first")));
        File.CreateSymbolicLink(Path.Combine(_folder, "data"), "first");
        File.CreateSymbolicLink(FilePath, "data");
        await using var watcher = New(TimeProvider.System);
        watcher.Load();
        watcher.Start();

        File.CreateSymbolicLink(Path.Combine(_folder, "next"), "second");
        File.Move(Path.Combine(_folder, "next"), Path.Combine(_folder, "data"), overwrite: true);

        await TakesAsync("the switch", () => !_access.Rules.Allows(_bob));
    }

    [Fact]
    public async Task WithoutNotifications_TheTimerSeesIt_AndOnlyWhatHasSettled()
    {
        var time = new FakeTimeProvider();
        File.WriteAllText(FilePath, $"deny {_alice}\n");
        await using var watcher = New(time);
        watcher.Load();
        time.Advance(TimeSpan.FromSeconds(10));
        _access.Rules.Allows(_alice).Should().BeFalse();

        watcher.Start(notifications: false);
        File.WriteAllText(FilePath, $"deny {_bob}\n# and");
        time.Advance(TimeSpan.FromSeconds(1));
        _access.Rules.Allows(_bob).Should().BeTrue("it was seen just now and may be half written");
        File.AppendAllText(FilePath, " more\n");
        time.Advance(TimeSpan.FromMilliseconds(250));
        _access.Rules.Allows(_bob).Should().BeTrue("it changed again");
        time.Advance(TimeSpan.FromMilliseconds(250));
        _access.Rules.Allows(_bob).Should().BeFalse();
    }

    [Fact]
    public async Task Dispose_EndsTheLooks()
    {
        var time = new FakeTimeProvider();
        var watcher = Watch($"deny {_alice}\n", time);
        await watcher.DisposeAsync();

        Replace($"deny {_bob}\n");
        time.Advance(TimeSpan.FromSeconds(10));

        _access.Rules.Allows(_bob).Should().BeTrue();
    }

    private static PeerId NewPeer()
    {
        using var identity = PeerIdentity.Create();
        return identity.Id;
    }

    private AccessFileWatcher New(TimeProvider time) => new(FilePath, _access.Replace, time, _log);

    private AccessFileWatcher Watch(string text, TimeProvider time)
    {
        File.WriteAllText(FilePath, text);
        var watcher = New(time);
        watcher.Load();
        watcher.Start();
        return watcher;
    }

    /// <summary>As careful tools do: a file of another name, renamed over the old one.</summary>
    private void Replace(string text)
    {
        File.WriteAllText(FilePath + ".new", text);
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }

    private static async Task TakesAsync(string what, Func<bool> condition)
    {
        // Only a hang fails on time, at three times what is promised; the figure is for the reader.
        var took = await Eventually.HoldsAsync(condition, what, Promised * 3);
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {took.TotalMilliseconds:0} ms (promised: {Promised.TotalMilliseconds:0})");
    }

    private sealed class Lines : ILogger
    {
        internal ConcurrentQueue<string> All { get; } = new();

        internal ConcurrentQueue<string> Errors { get; } = new();

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            All.Enqueue(formatter(state, exception));
            if (logLevel >= LogLevel.Error)
                Errors.Enqueue(formatter(state, exception));
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    }
}
