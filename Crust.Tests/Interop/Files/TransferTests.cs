using Crust.Cryptography;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Tests.Interop.Hostile;
using Crust.Tests.Processes;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Files;

/// <summary>Sender and receiver in one process, over real connections and a real disk.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class TransferTests : IAsyncLifetime
{
    private const UnixFileMode Program = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly TemporaryFolder _folder = new();
    private readonly PeerIdentity _sender = PeerIdentity.Create();
    private readonly PeerIdentity _receiver = PeerIdentity.Create();
    private readonly List<string> _skipped = [];
    private ReceiverHost _host = null!;

    private string Out => _folder.PathOf("out");

    public async ValueTask InitializeAsync() => _host = await ReceiverHost.StartAsync(_receiver, Out);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _sender.Dispose();
        _receiver.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AFolder_ArrivesAsItIs()
    {
        var root = MakeTree();

        var (evidence, sent) = await SendAsync(root);

        evidence.IsSigned.Should().BeTrue();
        evidence.Receipt.Files.Should().Be(5);
        evidence.Receipt.Hashes!.Select(h => h.Path).Should().Equal("tree/a b\nc.txt", "tree/empty file", "tree/sub/deep/ünïcode 🦀", "tree/sub/large", "tree/tool");
        sent.Should().Be(evidence.Receipt.Bytes);
        var copy = Path.Combine(Out, "tree");
        Directory.GetFileSystemEntries(copy, "*", SearchOption.AllDirectories).Select(p => Path.GetRelativePath(copy, p)).Order(StringComparer.Ordinal)
            .Should().Equal("a b\nc.txt", "empty", "empty file", "sub", "sub/deep", "sub/deep/ünïcode 🦀", "sub/large", "tool");
        foreach (var file in Directory.GetFiles(copy, "*", SearchOption.AllDirectories))
        {
            var original = Path.Combine(root, Path.GetRelativePath(copy, file));
            File.ReadAllBytes(file).Should().Equal(File.ReadAllBytes(original));
            File.GetLastWriteTimeUtc(file).Should().Be(File.GetLastWriteTimeUtc(original));
        }

        Directory.GetLastWriteTimeUtc(Path.Combine(copy, "sub")).Should().Be(Directory.GetLastWriteTimeUtc(Path.Combine(root, "sub")));
        File.GetUnixFileMode(Path.Combine(copy, "tool")).Should().HaveFlag(UnixFileMode.UserExecute);
        File.GetUnixFileMode(Path.Combine(copy, "sub", "large")).Should().NotHaveFlag(UnixFileMode.UserExecute);
        _skipped.Should().Equal(Path.Combine(root, "link"), Path.Combine(root, "sub", "link out"));
        await _host.ToldAsync("thanked");
        Directory.Exists(Path.Combine(Out, ".crust-partial")).Should().BeFalse("nothing is left over");
    }

    [Fact]
    public async Task WhatIsThere_IsNeverReplaced()
    {
        var file = _folder.Write("name.txt", "new");
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "name.txt"), "old");
        // A link that leads nowhere is also something: following it would write outside.
        File.CreateSymbolicLink(Path.Combine(Out, "name (2).txt"), _folder.PathOf("outside"));
        var root = MakeTree();
        Directory.CreateDirectory(Path.Combine(Out, "tree"));
        File.WriteAllText(Path.Combine(Out, "tree", "mine"), "old");

        await SendAsync(file);
        await SendAsync(root);

        File.ReadAllText(Path.Combine(Out, "name.txt")).Should().Be("old");
        File.ReadAllText(Path.Combine(Out, "name (3).txt")).Should().Be("new");
        File.Exists(_folder.PathOf("outside")).Should().BeFalse();
        Directory.GetFileSystemEntries(Path.Combine(Out, "tree")).Should().ContainSingle();
        File.Exists(Path.Combine(Out, "tree (2)", "tool")).Should().BeTrue();
    }

    [Fact]
    public async Task ABrokenConnection_IsMadeAgain_AndLittleIsSentTwice()
    {
        var file = MakeFile("large", 24 << 20);

        var sending = SendAsync(file, bytesPerSecond: 16 << 20);
        for (var cut = 1; cut <= 3; cut++)
        {
            await Eventually.HoldsAsync(() => _host.Transfer?.Progress.Bytes > cut * (4L << 20), "it gets on");
            foreach (var connection in _host.Node.Connections)
                await connection.CloseAsync("cut");
        }

        var (_, sent) = await sending.WaitAsync(Eventually.Soon);

        File.ReadAllBytes(Path.Combine(Out, "large")).Should().Equal(File.ReadAllBytes(file));
        _host.Told.Count(t => t.StartsWith("began", StringComparison.Ordinal)).Should().Be(4);
        sent.Should().BeLessThan((24 << 20) + 3 * (9 << 20), "at most what was on the way goes twice: the window of each end");
    }

    [Fact]
    public async Task AReceiverThatStaysAway_EndsIt_WhenTheTimeIsUp()
    {
        var sending = SendAsync(MakeFile("alone", 16 << 20), bytesPerSecond: 8 << 20, retry: TimeSpan.FromSeconds(1));
        await Eventually.HoldsAsync(() => _host.Transfer?.Progress.Bytes > 0, "it gets on");
        await _host.DisposeAsync();
        await sending.WaitAsync(Eventually.Soon).Invoking(s => s).Should().ThrowAsync<ConnectException>();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task APartLeftByAnEarlierProcess_IsBelievedOnlyAsFarAsItIsRight(int damagedBytes)
    {
        var file = MakeFile("part", 32 << 20);
        using (var stop = new CancellationTokenSource())
        {
            var sending = SendAsync(file, bytesPerSecond: 32 << 20, cancellationToken: stop.Token);
            await Eventually.HoldsAsync(() => _host.Transfer?.Progress.Bytes >= 16 << 20, "half of it is there");
            await stop.CancelAsync();
            await sending.Invoking(s => s).Should().ThrowAsync<OperationCanceledException>();
        }

        await _host.ToldAsync("suspended The sender was interrupted.");
        await _host.DisposeAsync();
        var part = Directory.GetFiles(Out, "*.part", SearchOption.AllDirectories).Single();
        var length = new FileInfo(part).Length;
        if (damagedBytes > 0)
        {
            // What a machine without power leaves: the length is there, the last bytes are not.
            await using var stream = File.OpenWrite(part);
            stream.Position = length - damagedBytes;
            stream.Write(new byte[] { 0xEE });
        }

        _host = await ReceiverHost.StartAsync(_receiver, Out);
        var (_, sent) = await SendAsync(file);

        var expected = damagedBytes == 0 ? (32 << 20) - length : (32 << 20) - length / 2;
        sent.Should().Be(expected);
        File.ReadAllBytes(Path.Combine(Out, "part")).Should().Equal(File.ReadAllBytes(file));
        _host.Told.Should().Contain($"began {length}");
    }

    [Fact]
    public async Task CompleteFilesOfAnEarlierProcess_AreCheckedAgain()
    {
        var root = _folder.PathOf("many");
        Directory.CreateDirectory(root);
        for (var i = 0; i < 20; i++)
            MakeFile($"many/{i:00}", 1 << 20);
        using (var stop = new CancellationTokenSource())
        {
            var sending = SendAsync(root, bytesPerSecond: 16 << 20, cancellationToken: stop.Token);
            await Eventually.HoldsAsync(() => _host.Transfer?.Progress.FilesDone >= 10, "some files are there");
            await stop.CancelAsync();
            await sending.Invoking(s => s).Should().ThrowAsync<OperationCanceledException>();
        }

        await _host.ToldAsync("suspended The sender was interrupted.");
        var received = _host.Transfer!.Plan.Received;
        await _host.DisposeAsync();
        var damaged = Directory.GetFiles(Out, "03", SearchOption.AllDirectories).Single();
        File.WriteAllBytes(damaged, new byte[1 << 20]);

        _host = await ReceiverHost.StartAsync(_receiver, Out);
        var (_, sent) = await SendAsync(root);

        // A missing file in the middle comes first; the part behind it is of no use then.
        sent.Should().BeInRange((20 << 20) - received, (20 << 20) - received + (2 << 20));
        for (var i = 0; i < 20; i++)
            File.ReadAllBytes(Path.Combine(Out, "many", $"{i:00}")).Should().Equal(File.ReadAllBytes(Path.Combine(root, $"{i:00}")));
    }

    [Fact]
    public async Task AFileThatChangesMeanwhile_IsNamed()
    {
        var file = MakeFile("changing", 16 << 20);
        var sending = SendAsync(file, bytesPerSecond: 8 << 20);
        await Eventually.HoldsAsync(() => _host.Transfer?.Progress.Bytes > 0, "it gets on");
        await File.AppendAllTextAsync(file, "more");

        (await sending.Invoking(s => s).Should().ThrowAsync<TransferFailedException>()).Which.Message.Should().Contain("'changing' changed while it was being sent");
        await _host.ToldAsync("suspended 'changing' changed");
        File.Exists(Path.Combine(Out, "changing")).Should().BeFalse();
    }

    [Fact]
    public void WhatCannotBeSent_IsNamed_BeforeAnythingIsSent()
    {
        FluentActions.Invoking(() => Scan(_folder.PathOf("missing"))).Should().Throw<TransferFailedException>().WithMessage("*no file or folder*missing*");
        var root = MakeTree();
        File.WriteAllText(Path.Combine(root, "back\\slash"), "");
        FluentActions.Invoking(() => Scan(root)).Should().Throw<TransferFailedException>().WithMessage("*back\\slash*path separator*");
    }

    [Fact]
    public async Task APipe_IsLeftOut_InsteadOfWaitedFor()
    {
        var root = MakeTree();
        using (var make = System.Diagnostics.Process.Start("mkfifo", [Path.Combine(root, "pipe")]))
            await make.WaitForExitAsync();
        var tree = await Task.Run(() => Scan(root)).WaitAsync(Eventually.Soon);
        tree.Skipped.Should().Be(3);
        _skipped.Should().Contain(Path.Combine(root, "pipe"));
    }

    [Fact]
    public void APartialFolder_ThatIsALink_IsNotUsed()
    {
        var elsewhere = Directory.CreateDirectory(_folder.PathOf("elsewhere")).FullName;
        Directory.CreateDirectory(_folder.PathOf("trap"));
        Directory.CreateSymbolicLink(_folder.PathOf("trap/.crust-partial"), elsewhere);
        FluentActions.Invoking(() => new PartialFolder(_folder.PathOf("trap"))).Should().Throw<IOException>().WithMessage("*is a link*");
    }

    private string MakeTree()
    {
        var root = _folder.PathOf("tree");
        Directory.CreateDirectory(Path.Combine(root, "sub", "deep"));
        Directory.CreateDirectory(Path.Combine(root, "empty"));
        File.WriteAllText(Path.Combine(root, "a b\nc.txt"), "spaces and a line");
        File.WriteAllText(Path.Combine(root, "empty file"), "");
        File.WriteAllText(Path.Combine(root, "sub", "deep", "ünïcode 🦀"), "crab");
        MakeFile("tree/sub/large", 1_000_000);
        File.WriteAllText(Path.Combine(root, "tool"), "#!/bin/sh");
        File.SetUnixFileMode(Path.Combine(root, "tool"), Program);
        File.CreateSymbolicLink(Path.Combine(root, "link"), "tool");
        Directory.CreateSymbolicLink(Path.Combine(root, "sub", "link out"), "..");
        File.SetLastWriteTimeUtc(Path.Combine(root, "tool"), new DateTime(1999, 12, 31, 23, 59, 59, DateTimeKind.Utc));
        Directory.SetLastWriteTimeUtc(Path.Combine(root, "sub"), new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        return root;
    }

    private string MakeFile(string name, int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        File.WriteAllBytes(_folder.PathOf(name), bytes);
        return _folder.PathOf(name);
    }

    private SourceTree Scan(string path) => SourceTree.Scan(path, (skipped, _) => _skipped.Add(skipped));

    private async Task<(ReceiptEvidence Evidence, long Sent)> SendAsync(string path, long? bytesPerSecond = null, TimeSpan? retry = null, CancellationToken cancellationToken = default)
    {
        var inbox = new ReceiverInbox(_receiver.Id);
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Identity = _sender;
            o.Handlers[FileProtocol.Name] = inbox.HandleAsync;
        });
        var source = Scan(path);
        var settings = new SendSettings { Self = _sender.Id, Peer = _receiver.Id, BytesPerSecond = bytesPerSecond, Retry = retry ?? TimeSpan.FromSeconds(30) };
        var progress = new TransferProgress(TransferId.For(_sender.Id, source.Manifest.Hash), source.Manifest);
        var sender = new FileSender(settings, source, inbox, token => node.ConnectToAddressAsync(_host.Node.Addresses[0], token), progress, TimeProvider.System);
        var evidence = await sender.SendAsync(cancellationToken);
        evidence.Receipt.Root.Should().Be(Convert.ToHexStringLower(ReceivePlan.RootOf(evidence.Receipt.Hashes!.Select(h => (ReadOnlyMemory<byte>)Convert.FromHexString(h.Blake3)))));
        var paths = evidence.Receipt.Hashes!.Select(h => Path.Combine(Path.GetDirectoryName(path)!, h.Path));
        evidence.Receipt.Hashes!.Select(h => h.Blake3).Should().Equal(paths.Select(p => Convert.ToHexStringLower(Blake3.Hash(File.ReadAllBytes(p)))));
        return (evidence, sender.BytesSent);
    }
}
