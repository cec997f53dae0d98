using System.Text;
using Crust.Gateway.Files;
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
