using System.Diagnostics;
using System.Text.Json;
using Crust.Cryptography;
using Crust.Identity.Evidence;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Processes;

/// <summary><c>crust send</c> and <c>crust receive</c> as users run them, a process each.</summary>
public sealed class SendTests(ITestOutputHelper output) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<CrustProcess> _processes = [];
    private string _address = "";

    private string Out => _folder.PathOf("out");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes))
            await process.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task AFile_Arrives_AndItsReceiptIsKept()
    {
        var receiver = await ReceiveAsync("--once");
        var file = MakeFile("a file.bin", 1_000_000);
        var receipt = _folder.PathOf("receipt.json");

        var sender = await SendAsync(file, "--receipt", receipt);

        sender.Events.Select(e => e.Name).Where(n => n != "progress").Should().Equal("offer", "connected", "done", "receipt");
        (await sender.EventAsync("done")).Body.GetProperty("sent").GetInt64().Should().Be(1_000_000);
        (await sender.EventAsync("receipt")).Body.GetProperty("signed").GetBoolean().Should().BeTrue();
        (await receiver.ExitAsync()).Should().Be(0, receiver.ToString());
        receiver.Error.Should().BeEmpty();
        receiver.Events.Select(e => e.Name).Where(n => n != "progress").Should().Equal("ready", "receiving", "offer", "done", "receipt");
        SameContent(file, Path.Combine(Out, "a file.bin"));
        var signed = SignedMessage.Parse(File.ReadAllText(receipt));
        signed.Verify().Should().BeTrue();
        signed.Sender.ToString().Should().Be((await receiver.EventAsync("ready")).Text("peer"), "the receiver signed it");
        var statement = JsonDocument.Parse(signed.Payload).RootElement;
        statement.GetProperty("receiver").GetString().Should().Be((await receiver.EventAsync("ready")).Text("peer"));
        statement.GetProperty("sender").GetString().Should().Be((await receiver.EventAsync("offer")).Text("peer"));
        statement.GetProperty("hashes")[0].GetProperty("blake3").GetString().Should().Be(Convert.ToHexStringLower(Blake3.Hash(File.ReadAllBytes(file))));
        Directory.GetFileSystemEntries(Out).Should().ContainSingle("nothing is left over");

        var again = Send(json: false, file, "--receipt", receipt);
        (await again.ExitAsync()).Should().Be(1);
        again.Error.Should().ContainSingle().Which.Should().Contain("is there already");
    }

    [Fact]
    public async Task AFolderAndAnEmptyFile_Arrive_BesideWhatIsThere()
    {
        await ReceiveAsync();
        Directory.CreateDirectory(_folder.PathOf("folder/empty"));
        MakeFile("folder/one", 10);
        MakeFile("folder/none", 0);

        await SendAsync(_folder.PathOf("folder"));
        await SendAsync(_folder.PathOf("folder"));
        await SendAsync(_folder.PathOf("folder/none"));
        await SendAsync(_folder.PathOf("folder/none"));

        Directory.GetFileSystemEntries(Out, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(Out, p)).Where(p => !p.StartsWith('.')).Order(StringComparer.Ordinal).Should().Equal(
            "folder", "folder (2)", "folder (2)/empty", "folder (2)/none", "folder (2)/one", "folder/empty", "folder/none", "folder/one", "none", "none (2)");
    }

    [Fact]
    public async Task People_ReadSentences_WithoutControlCharacters()
    {
        await ReceiveAsync();
        var file = MakeFile("file", 5_000_000);

        var sender = Send(json: false, file);
        (await sender.ExitAsync()).Should().Be(0, sender.ToString());

        sender.Error.Should().BeEmpty();
        var said = string.Join('\n', sender.Output);
        said.Should().Contain("Sending 'file' (4.8 MiB) to ").And.Contain("Sent 4.8 MiB in ").And.Contain("Receipt, signed: ");
        said.Where(c => c != '\n' && char.IsControl(c)).Should().BeEmpty();
        var quiet = Send(json: false, file, "--quiet");
        (await quiet.ExitAsync()).Should().Be(0, quiet.ToString());
        quiet.Output.Should().BeEmpty();
    }

    [Fact]
    public async Task AReceiver_NamesWhomItTakesFrom_AndRefusesOthers()
    {
        var receiver = await ReceiveAsync("--from", "snfkyjie7wjqp49tn6jytgnaae4hn8mgfj4opdaoq9x1c19afe8o");
        var sender = Send(json: true, MakeFile("file", 10));
        (await sender.ExitAsync()).Should().Be(1, sender.ToString());
        (await sender.EventAsync("failed")).Text("code").Should().Be("not-allowed");
        sender.Error.Should().ContainSingle();
        (await receiver.EventAsync("refused")).Text("code").Should().Be("not-allowed");
    }

    [Fact]
    public async Task ALargeFile_ArrivesSoon_WithTheSameHash()
    {
        await ReceiveAsync();
        var file = MakeFile("large", 64 << 20);
        var start = Stopwatch.GetTimestamp();
        var sender = await SendAsync(file);
        SameContent(file, Path.Combine(Out, "large"));
        output.WriteLine($"64 MiB in {(await sender.EventAsync("done")).Body.GetProperty("seconds")} s, {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s with the start of the process");
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task TheReceiverKilled_AndStartedAgain_GoesOn_WhileTheSenderWaits()
    {
        const int Length = 48 << 20;
        var receiver = await ReceiveAsync();
        var file = MakeFile("large", Length);
        var sender = Send(json: true, file, "--limit", "16M");
        await receiver.EventAsync("progress", e => e.Body.GetProperty("bytes").GetInt64() > Length / 3);
        await receiver.KillAsync();
        var again = await ReceiveAsync("--tcp-port", new Uri(_address).Port.ToString(System.Globalization.CultureInfo.InvariantCulture));

        (await sender.ExitAsync()).Should().Be(0, sender.ToString());

        SameContent(file, Path.Combine(Out, "large"));
        var resumed = (await again.EventAsync("resumed")).Body.GetProperty("bytes").GetInt64();
        resumed.Should().BeGreaterThan(Length / 3);
        var sent = (await sender.EventAsync("done")).Body.GetProperty("sent").GetInt64();
        output.WriteLine($"{resumed} bytes were there, {sent - Length} of {Length} were sent twice");
        sent.Should().BeLessThan(Length + (9 << 20), "only what was on the way goes twice: the window of each end");
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task TheSenderKilled_AndRunAgain_GoesOn()
    {
        const int Length = 48 << 20;
        var receiver = await ReceiveAsync();
        var file = MakeFile("large", Length);
        var sender = Send(json: true, file, "--limit", "16M");
        await receiver.EventAsync("progress", e => e.Body.GetProperty("bytes").GetInt64() > Length / 3);
        await sender.KillAsync();

        // The receiver keeps the dead sender's connection for a while: the new process ends it.
        var again = await SendAsync(file);
        var suspended = await receiver.EventAsync("suspended");

        SameContent(file, Path.Combine(Out, "large"));
        var had = suspended.Body.GetProperty("bytes").GetInt64();
        (await again.EventAsync("resumed")).Body.GetProperty("bytes").GetInt64().Should().Be(had);
        (await again.EventAsync("done")).Body.GetProperty("sent").GetInt64().Should().Be(Length - had);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task BothKilled_AndRunAgain_GoOn()
    {
        const int Length = 48 << 20;
        var receiver = await ReceiveAsync();
        var file = MakeFile("large", Length);
        var sender = Send(json: true, file, "--limit", "16M");
        await receiver.EventAsync("progress", e => e.Body.GetProperty("bytes").GetInt64() > Length / 3);
        await Task.WhenAll(sender.KillAsync(), receiver.KillAsync());
        await ReceiveAsync();

        var again = await SendAsync(file);

        SameContent(file, Path.Combine(Out, "large"));
        (await again.EventAsync("done")).Body.GetProperty("sent").GetInt64().Should().BeLessThanOrEqualTo(Length - Length / 3);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task AFullDisk_IsOneLineAtEachEnd_AndRoomMadeThereLetsItGoOn()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/unshare"))
            Assert.Skip("A disk of its own needs Linux, root and unshare.");
        const int Length = 24 << 20;
        Directory.CreateDirectory(Out);
        var receiver = CrustProcess.CrustThrough(
            _folder, ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=40m tmpfs \"$0\" && exec \"$@\"", Out], ["receive", "--out", Out, .. ReceiverArguments]);
        _processes.Add(receiver);
        _address = (await receiver.EventAsync("ready")).Address;
        var itsOut = $"/proc/{receiver.Id}/root{Out}";
        var file = MakeFile("large", Length);
        var sender = Send(json: true, file, "--limit", "8M");
        await receiver.EventAsync("progress", e => e.Body.GetProperty("bytes").GetInt64() > Length / 4);
        var filler = Path.Combine(itsOut, "filler");
        await using (var stream = new FileStream(filler, FileMode.Create, FileAccess.Write, FileShare.None, 1))
            FluentActions.Invoking(() => Fill(stream)).Should().Throw<IOException>("it is full then");

        (await sender.ExitAsync()).Should().Be(1, sender.ToString());
        (await sender.EventAsync("failed")).Text("code").Should().Be("disk-full");
        sender.Error.Should().ContainSingle().Which.Should().Contain("The receiver's disk is full").And.Contain("goes on where it stopped");
        (await receiver.EventAsync("failed")).Text("code").Should().Be("disk-full");
        receiver.Error.Should().ContainSingle().Which.Should().Contain("The disk is full");

        var refused = Send(json: true, file);
        (await refused.ExitAsync()).Should().Be(1, "there is no room yet");
        refused.Error.Should().ContainSingle().Which.Should().Contain("there is room for");
        File.Delete(filler);
        var again = await SendAsync(file);
        (await again.EventAsync("done")).Body.GetProperty("sent").GetInt64().Should().BeLessThan(Length - (Length / 4) + (1 << 20));
        SameContent(file, Path.Combine(itsOut, "large"));
    }

    private static string[] ReceiverArguments => ["--listen", "127.0.0.1", "--json"];

    private async Task<CrustProcess> ReceiveAsync(params string[] arguments)
    {
        var receiver = CrustProcess.Crust(_folder, ["receive", "--out", Out, "--identity", _folder.PathOf("receiver"), .. ReceiverArguments, .. arguments]);
        _processes.Add(receiver);
        _address = (await receiver.EventAsync("ready")).Address;
        return receiver;
    }

    private CrustProcess Send(bool json, string path, params string[] arguments)
    {
        var sender = CrustProcess.Crust(
            _folder,
            ["send", path, _address[(_address.LastIndexOf('/') + 1)..], "--address", _address, "--identity", _folder.PathOf("sender"), "--listen", "127.0.0.1", .. json ? ["--json"] : Array.Empty<string>(), .. arguments]);
        _processes.Add(sender);
        return sender;
    }

    private async Task<CrustProcess> SendAsync(string path, params string[] arguments)
    {
        var sender = Send(json: true, path, arguments);
        (await sender.ExitAsync()).Should().Be(0, sender.ToString());
        sender.Error.Should().BeEmpty();
        return sender;
    }

    private string MakeFile(string name, int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(_folder.PathOf(name), bytes);
        return _folder.PathOf(name);
    }

    private static void Fill(FileStream stream)
    {
        var block = new byte[1 << 16];
        while (stream.Length < 1L << 30)
            stream.Write(block);
    }

    private static void SameContent(string expected, string actual) =>
        Convert.ToHexStringLower(Blake3.Hash(File.ReadAllBytes(actual))).Should().Be(Convert.ToHexStringLower(Blake3.Hash(File.ReadAllBytes(expected))));
}
