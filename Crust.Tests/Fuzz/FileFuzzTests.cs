using System.Text;
using Crust.Cryptography;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Tests.Interop.Files;
using Crust.Tests.Interop.Hostile;
using Crust.Tests.Processes;
using Crust.Tests.Unit.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>Mutated messages, manifests, receipts and journals of the file protocol: no exception, and what is accepted is written the same way.</summary>
public sealed class FileFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20_251;
    private const int Cases = 20_000;

    [Fact]
    public void Messages() => Run([.. FileCodecTests.Messages.Select(FileCodec.Write)], bytes =>
    {
        if (FileCodec.Read(bytes) is not { } message)
            return false;
        // A reason is made fit for a terminal when it is read; all else has one spelling.
        if (message is not (FileMessage.Abandon or FileMessage.Refusal))
            FileCodec.Write(message).Should().Equal(bytes);
        if (message is FileMessage.Ready ready)
            _ = SendPlan.For(Trees.Some(), ready.State);
        return true;
    });

    [Fact]
    public void Chunks()
    {
        var chunk = new byte[FileCodec.ChunkHeaderLength + 40];
        FileCodec.WriteChunkHeader(chunk, 1, 1, 0);
        Run([chunk], bytes =>
        {
            if (!FileCodec.TryReadChunk(bytes, out var read))
                return false;
            _ = new ReceivePlan(Trees.Some()).Judge(read.Index, read.Offset, read.Data.Length);
            return true;
        });
    }

    [Fact]
    public void Manifests() => Run([Trees.Some().Bytes.ToArray(), Trees.One("file.txt", 1 << 30).Bytes.ToArray()], bytes =>
    {
        if (Manifest.TryParse(bytes.ToArray(), forWindows: false, out var objection) is not { } manifest)
        {
            objection.Should().NotBeEmpty();
            return false;
        }

        Manifest.Create(manifest.Entries).Bytes.ToArray().Should().Equal(bytes);
        var folder = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "into"));
        for (var i = 0; i < manifest.Entries.Count; i++)
            Path.GetFullPath(Path.Combine(folder, manifest.PathOf(i))).Should().StartWith(folder + Path.DirectorySeparatorChar);
        return true;
    });

    [Fact]
    public void Receipts()
    {
        var manifest = Trees.Some();
        var receipt = Receipt.For(
            TransferId.For(Trees.Sender, manifest.Hash), Trees.Sender, Trees.Receiver, manifest, [Trees.Hash(1), Trees.Hash(2), Trees.Hash(3)], DateTimeOffset.UnixEpoch);
        Run([receipt.ToBytes(), (receipt with { Hashes = null }).ToBytes()], bytes =>
        {
            if (Receipt.TryParse(bytes) is not { } read)
                return false;
            _ = read.DifferenceFrom(receipt);
            return true;
        });
    }

    [Fact]
    public void Journals() => Run(
        [Encoding.UTF8.GetBytes(Journal.DoneLine(3, Trees.Hash(1)) + Journal.DoneLine(4, Trees.Hash(2)) + Journal.PlacingLine("name"))],
        bytes => Journal.Parse(bytes).ValidLength > 0);

    [Fact]
    public async Task Receiver_NeverThrows_AndStillReceives()
    {
        using var folder = new TemporaryFolder();
        using var identity = PeerIdentity.Create();
        var told = new ReceiverHost(identity, folder.PathOf("out"));
        var settings = new ReceiveSettings { Self = identity.Id, Folder = told.Folder };
        var receiver = new FileReceiver(settings, new PartialFolder(told.Folder), told, TimeProvider.System);
        var replies = 0;
        await using var node = await Loopback.StartAsync(o => o.Identity = identity);
        await using var peer = await Loopback.StartAsync(o => o.Handlers[FileProtocol.Name] = (_, _) =>
        {
            replies++;
            return ValueTask.CompletedTask;
        });
        var connection = await node.ConnectToAddressAsync(peer.Addresses[0]);
        var mutator = new Mutator(Seed, [.. FileCodecTests.Messages.Select(FileCodec.Write), .. Conversation(1, "file")]);
        var random = new Random(Seed);

        for (var i = 0; i < Cases; i++)
        {
            // Mutations alone rarely get past the first offer: a right beginning lets them.
            if (i % 20 == 0)
            {
                foreach (var message in Conversation(1, $"file{i / 20 % 100}").Take(random.Next(5)))
                    await HandleAsync(message);
            }

            await HandleAsync(mutator.Next());
        }

        foreach (var message in Conversation(uint.MaxValue, "last"))
            await HandleAsync(message);

        Task HandleAsync(byte[] bytes) => receiver.HandleAsync(new PeerMessage(connection, FileProtocol.Name, bytes, 1, isSigned: true, evidence: null), CancellationToken.None).AsTask().WaitAsync(Eventually.Soon);
        File.ReadAllBytes(Path.Combine(told.Folder, "last")).Should().Equal(1, 2, 3);
        connection.IsOpen.Should().BeTrue();
        await node.DisposeAsync();
        await receiver.DisposeAsync();
        output.WriteLine($"seed={Seed}: {Cases} cases, {replies} replies, {string.Join(", ", told.Told.GroupBy(t => t).Select(g => $"{g.Count()} x {g.Key}"))}");
        Directory.GetDirectories(folder.PathOf("")).Should().Equal(told.Folder);
    }

    /// <summary>A whole small transfer.</summary>
    private static byte[][] Conversation(uint attempt, string name)
    {
        var manifest = Trees.One(name, 3);
        var chunk = new byte[FileCodec.ChunkHeaderLength + 3];
        FileCodec.WriteChunkHeader(chunk, attempt, 0, 0);
        new byte[] { 1, 2, 3 }.CopyTo(chunk, FileCodec.ChunkHeaderLength);
        return
        [
            FileCodec.Write(new FileMessage.Offer(attempt, manifest.Bytes.Length, manifest.Hash, 1, 3)), FileCodec.Write(new FileMessage.Page(attempt, manifest.Bytes)), chunk,
            FileCodec.Write(new FileMessage.FileEnd(attempt, 0, Blake3.Hash([1, 2, 3]))), FileCodec.Write(new FileMessage.Finished(attempt)),
            FileCodec.Write(new FileMessage.Thanks(attempt)),
        ];
    }

    private void Run(IReadOnlyList<byte[]> corpus, Func<byte[], bool> accepts)
    {
        var mutator = new Mutator(Seed, corpus);
        var accepted = 0;
        for (var i = 0; i < Cases; i++)
            accepted += accepts(mutator.Next()) ? 1 : 0;
        output.WriteLine($"seed={Seed}: {Cases} cases, {accepted} accepted");
        accepted.Should().BeInRange(1, Cases - 1);
    }
}
