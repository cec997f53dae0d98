using System.Text;
using System.Text.Json;
using Crust.Gateway.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class ReceiptTests
{
    private static readonly ReadOnlyMemory<byte>[] Hashes = [Trees.Hash(1), Trees.Hash(2), Trees.Hash(3)];

    private readonly Receipt _receipt = Make(Hashes);

    [Fact]
    public void Receipt_SaysByItself_WhoReceivedWhatFromWhomAndWhen()
    {
        var bytes = _receipt.ToBytes();
        FileCodec.IsReceipt(bytes).Should().BeTrue();
        var json = JsonDocument.Parse(bytes).RootElement;
        json.GetProperty("statement").GetString().Should().Be("crust-file receipt v1");
        json.GetProperty("sender").GetString().Should().Be(Trees.Sender.ToString());
        json.GetProperty("receiver").GetString().Should().Be(Trees.Receiver.ToString());
        json.GetProperty("name").GetString().Should().Be("root");
        json.GetProperty("bytes").GetInt64().Should().Be(300_010);
        json.GetProperty("time").GetString().Should().Be("2025-01-02T03:04:05.678Z");
        json.GetProperty("hashes")[0].GetProperty("path").GetString().Should().Be("root/a b.txt");
        json.GetProperty("hashes")[2].GetProperty("blake3").GetString().Should().Be(Convert.ToHexStringLower(Trees.Hash(3)));
        Receipt.TryParse(bytes)!.DifferenceFrom(_receipt).Should().BeNull();
    }

    [Fact]
    public void Difference_IsFound_InEachMember()
    {
        (_receipt with { Transfer = "x" }).DifferenceFrom(_receipt).Should().Contain("another transfer");
        (_receipt with { Manifest = "x" }).DifferenceFrom(_receipt).Should().Contain("another transfer");
        (_receipt with { Name = "x" }).DifferenceFrom(_receipt).Should().Contain("another transfer");
        (_receipt with { Sender = "x" }).DifferenceFrom(_receipt).Should().Contain("other peers");
        (_receipt with { Receiver = "x" }).DifferenceFrom(_receipt).Should().Contain("other peers");
        (_receipt with { Files = 1 }).DifferenceFrom(_receipt).Should().Contain("other files");
        (_receipt with { Bytes = 1 }).DifferenceFrom(_receipt).Should().Contain("other files");
        (_receipt with { Root = "x" }).DifferenceFrom(_receipt).Should().Contain("other contents");
        (_receipt with { Hashes = [] }).DifferenceFrom(_receipt).Should().Contain("other contents");
        (_receipt with { Time = "x" }).DifferenceFrom(_receipt).Should().Contain("time");
        (_receipt with { Hashes = null }).DifferenceFrom(_receipt).Should().BeNull("the root stands for them");
        Make([Trees.Hash(1), Trees.Hash(2), Trees.Hash(4)]).DifferenceFrom(_receipt).Should().Contain("other contents");
    }

    [Fact]
    public void Receipt_OfManyFiles_FitsAMessage()
    {
        var entries = new List<ManifestEntry> { Trees.Folder("r") };
        entries.AddRange(Enumerable.Range(0, 50_000).Select(i => Trees.File($"{i:000000}", 1, 0, 1)));
        var manifest = Manifest.Create(entries);
        var receipt = Receipt.For(
            TransferId.For(Trees.Sender, manifest.Hash), Trees.Sender, Trees.Receiver, manifest, [.. Enumerable.Repeat((ReadOnlyMemory<byte>)Trees.Hash(1), 50_000)], DateTimeOffset.UnixEpoch);

        var bytes = receipt.ToBytes();

        bytes.Length.Should().BeLessThan(2000);
        Receipt.TryParse(bytes)!.DifferenceFrom(receipt).Should().BeNull();
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"statement":"something else"}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Parse_RefusesWhatIsNoReceipt(string text) => Receipt.TryParse(Encoding.UTF8.GetBytes(text)).Should().BeNull();

    private static Receipt Make(ReadOnlyMemory<byte>[] hashes)
    {
        var manifest = Trees.Some();
        return Receipt.For(
            TransferId.For(Trees.Sender, manifest.Hash), Trees.Sender, Trees.Receiver, manifest, hashes, new DateTimeOffset(2025, 1, 2, 3, 4, 5, 678, TimeSpan.Zero));
    }
}
