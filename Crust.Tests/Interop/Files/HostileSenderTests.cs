using System.Text;
using Crust.Cryptography;
using Crust.Gateway.Files;
using Crust.Identity;
using Crust.Tests.Processes;
using Crust.Tests.Unit.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Files;

/// <summary>What a sender may try with a receiver: it costs little, ends with a reason, and touches nothing outside the folder.</summary>
public sealed class HostileSenderTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly PeerIdentity _identity = PeerIdentity.Create();
    private readonly List<RawSender> _senders = [];
    private ReceiverHost _receiver = null!;

    private string Out => _folder.PathOf("out");

    public async ValueTask InitializeAsync() => _receiver = await ReceiverHost.StartAsync(_identity, Out);

    public async ValueTask DisposeAsync()
    {
        foreach (var sender in _senders)
            await sender.DisposeAsync();
        await _receiver.DisposeAsync();
        _identity.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../escaped")]
    [InlineData("a/../../escaped")]
    [InlineData("a\\..\\escaped")]
    [InlineData(".crust-partial")]
    public async Task ANameThatLeadsOutside_IsRefused_AndNothingIsWritten(string name)
    {
        var sender = await ConnectAsync();
        // version, flags, depth, name, time, length 1: what a sender of ours would never write.
        byte[] manifest = [1, 0, 0, (byte)name.Length, .. Encoding.UTF8.GetBytes(name), 0, 1];
        await sender.SendAsync(new FileMessage.Offer(1, manifest.Length, Blake3.Hash(manifest), 1, 1));
        await sender.SendAsync(new FileMessage.Page(1, manifest));

        var refusal = await sender.ReplyAsync<FileMessage.Refusal>();

        refusal.Code.Should().Be(RefusalCode.UnsafeName);
        refusal.Reason.Should().Contain(name);
        await sender.ChunkAsync(1, 0, 0, 42);
        await ServesAsync(sender, 2);
        Directory.GetFileSystemEntries(_folder.PathOf("")).Should().Equal(Out);
        Directory.GetFiles(Out, "*", SearchOption.AllDirectories).Should().ContainSingle().Which.Should().Be(Path.Combine(Out, "good"));
    }

    [Fact]
    public async Task AnAbsoluteName_IsRefused()
    {
        var sender = await ConnectAsync();
        var target = _folder.PathOf("absolute");
        byte[] manifest = [1, 0, 0, .. VarBytes(target), 0, 1];
        await sender.SendAsync(new FileMessage.Offer(1, manifest.Length, Blake3.Hash(manifest), 1, 1));
        await sender.SendAsync(new FileMessage.Page(1, manifest));
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.UnsafeName);
        File.Exists(target).Should().BeFalse();
    }

    [Fact]
    public async Task BytesBesideTheFile_EndTheTransfer()
    {
        var sender = await ConnectAsync();
        (int Index, long Offset, int Length)[] wrong = [(0, 5, 1), (0, 0, 11), (1, 0, 1), (0, FileProtocol.MaxFileLength, 1), (99_999, 0, 1)];
        var attempt = 0u;
        foreach (var (index, offset, length) in wrong)
        {
            await sender.OfferAsync(++attempt, Trees.One("ten", 10));
            await sender.ReplyAsync<FileMessage.Ready>();
            await sender.ChunkAsync(attempt, index, offset, new byte[length]);
            (await sender.ReplyAsync<FileMessage.Refusal>()).Should().Match<FileMessage.Refusal>(r => r.Attempt == attempt && r.Code == RefusalCode.ProtocolViolation);
        }

        await ServesAsync(sender, ++attempt);
        new DirectoryInfo(Out).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length).Should().BeLessThan(1000);
    }

    [Fact]
    public async Task WhatDoesNotFollow_IsRefused()
    {
        var sender = await ConnectAsync();
        FileMessage[] early = [new FileMessage.Finished(1), new FileMessage.FileEnd(1, 0, Trees.Hash(0))];
        var attempt = 0u;
        foreach (var message in early)
        {
            await sender.OfferAsync(++attempt, Trees.One("ten", 10));
            await sender.ReplyAsync<FileMessage.Ready>();
            await sender.SendAsync(message with { Attempt = attempt });
            (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.ProtocolViolation);
        }

        await sender.SendAsync(new FileMessage.Offer(++attempt, 100, Trees.Hash(1), 1, 1));
        await sender.SendAsync(new FileMessage.Page(attempt, new byte[101]));
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.ProtocolViolation, "more pages than offered");
        await sender.SendAsync(new FileMessage.Offer(++attempt, 100, Trees.Hash(1), 1, 1));
        await sender.SendAsync(new FileMessage.Page(attempt, new byte[100]));
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.ProtocolViolation, "another manifest than offered");
        await sender.SendAsync([99, 1, 2, 3]);
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.ProtocolViolation, "no message at all");
        await ServesAsync(sender, ++attempt);
    }

    [Fact]
    public async Task TooMuch_IsRefused_BeforeAnythingIsStored()
    {
        await _receiver.DisposeAsync();
        _receiver = await ReceiverHost.StartAsync(_identity, Out, s => s with { MaxLength = 1000, MaxEntries = 3 });
        var sender = await ConnectAsync();
        FileMessage.Offer[] offers =
        [
            new(1, 100, Trees.Hash(1), 1, 1001), new(2, 100, Trees.Hash(1), 4, 1), new(3, int.MaxValue, Trees.Hash(1), 1, 1), new(4, 0, Trees.Hash(1), 1, 1),
            new(5, 100, Trees.Hash(1), 1, long.MaxValue),
        ];
        foreach (var offer in offers)
        {
            await sender.SendAsync(offer);
            (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.TooLarge, offer.ToString());
        }

        // The offer says little, the manifest much.
        var manifest = Trees.One("large", 5000);
        await sender.SendAsync(new FileMessage.Offer(6, manifest.Bytes.Length, manifest.Hash, 1, 10));
        await sender.SendAsync(new FileMessage.Page(6, manifest.Bytes));
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.ProtocolViolation);
        Directory.EnumerateFiles(Out, "*", SearchOption.AllDirectories).Should().BeEmpty();
    }

    [Fact]
    public async Task MoreThanTheDiskHolds_IsRefused()
    {
        var sender = await ConnectAsync();
        await sender.OfferAsync(1, Trees.One("huge", FileProtocol.MaxFileLength));
        var refusal = await sender.ReplyAsync<FileMessage.Refusal>();
        refusal.Code.Should().Be(RefusalCode.DiskFull);
        refusal.Reason.Should().Contain("there is room for").And.NotContain(Out, "the sender need not know paths of this machine");
    }

    [Fact]
    public async Task AStranger_IsRefused_WhenOthersAreNamed()
    {
        await _receiver.DisposeAsync();
        using var friend = PeerIdentity.Create();
        _receiver = await ReceiverHost.StartAsync(_identity, Out, s => s with { From = new HashSet<PeerId> { friend.Id } });
        var sender = await ConnectAsync();
        await sender.OfferAsync(1, Trees.One("a", 1));
        (await sender.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.NotAllowed);
        await ServesAsync(await ConnectAsync(friend), 1);
    }

    [Fact]
    public async Task AWrongHash_IsNoticed_AndTheFileIsGone()
    {
        var sender = await ConnectAsync();
        await sender.OfferAsync(1, Trees.One("ten", 10));
        await sender.ReplyAsync<FileMessage.Ready>();
        await sender.ChunkAsync(1, 0, 0, new byte[10]);
        await sender.SendAsync(new FileMessage.FileEnd(1, 0, Trees.Hash(1)));
        (await sender.ReplyAsync<FileMessage.Mismatch>()).Index.Should().Be(0);
        await sender.OfferAsync(2, Trees.One("ten", 10));
        (await sender.ReplyAsync<FileMessage.Ready>()).State.Should().BeEquivalentTo(ReceiverState.Nothing);
    }

    [Fact]
    public async Task ManyTransfers_AreBounded_AndOneThatStandsStillGivesWay()
    {
        await _receiver.DisposeAsync();
        _receiver = await ReceiverHost.StartAsync(_identity, Out, s => s with { MaxTransfers = 1 });
        var first = await ConnectAsync();
        await first.OfferAsync(1, Trees.One("a", 10));
        await first.ReplyAsync<FileMessage.Ready>();
        var second = await ConnectAsync();
        await second.OfferAsync(1, Trees.One("b", 10));
        (await second.ReplyAsync<FileMessage.Refusal>()).Code.Should().Be(RefusalCode.Busy);

        await first.Connection.CloseAsync();
        await _receiver.ToldAsync("suspended");
        await ServesAsync(second, 2);
    }

    [Fact]
    public async Task ALostReceipt_IsGivenAgain_WithoutASecondCopy()
    {
        using var identity = PeerIdentity.Create();
        var first = await ConnectAsync(identity);
        await GiveAsync(first, 1, "once");
        await first.Connection.CloseAsync();
        await _receiver.ToldAsync("unthanked");

        var again = await ConnectAsync(identity);
        await again.OfferAsync(1, Trees.One("once", 3));
        Receipt.TryParse(await again.ReplyAsync())!.Name.Should().Be("once");
        await again.SendAsync(new FileMessage.Thanks(1));
        await _receiver.ToldAsync("thanked");

        Directory.GetFileSystemEntries(Out).Select(Path.GetFileName).Should().Equal("once");
        // Thanked for, it is a thing of the past: the same is a new transfer now, and takes no place.
        await GiveAsync(again, 2, "once");
        File.Exists(Path.Combine(Out, "once (2)")).Should().BeTrue();
    }

    [Fact]
    public async Task AFileTakenAway_IsReceivedAnew_ThoughItsReceiptWasLost()
    {
        using var identity = PeerIdentity.Create();
        var first = await ConnectAsync(identity);
        await GiveAsync(first, 1, "moved");
        await first.Connection.CloseAsync();
        await _receiver.ToldAsync("unthanked");
        File.Delete(Path.Combine(Out, "moved"));

        await GiveAsync(await ConnectAsync(identity), 1, "moved");
        File.ReadAllBytes(Path.Combine(Out, "moved")).Should().Equal(1, 2, 3);
    }

    private async Task<RawSender> ConnectAsync(PeerIdentity? identity = null)
    {
        var sender = await RawSender.ConnectAsync(_receiver.Node, identity);
        _senders.Add(sender);
        return sender;
    }

    /// <summary>The receiver still does what it is there for.</summary>
    private async Task ServesAsync(RawSender sender, uint attempt)
    {
        await GiveAsync(sender, attempt, "good");
        await sender.SendAsync(new FileMessage.Thanks(attempt));
        await _receiver.ToldAsync("thanked");
        File.ReadAllBytes(Path.Combine(Out, "good")).Should().Equal(1, 2, 3);
    }

    private static async Task GiveAsync(RawSender sender, uint attempt, string name)
    {
        await sender.OfferAsync(attempt, Trees.One(name, 3));
        (await sender.ReplyAsync<FileMessage.Ready>()).Attempt.Should().Be(attempt);
        await sender.ChunkAsync(attempt, 0, 0, 1, 2, 3);
        await sender.SendAsync(new FileMessage.FileEnd(attempt, 0, Blake3.Hash([1, 2, 3])));
        await sender.SendAsync(new FileMessage.Finished(attempt));
        Receipt.TryParse(await sender.ReplyAsync())!.Bytes.Should().Be(3);
    }

    private static byte[] VarBytes(string text)
    {
        var bytes = new byte[8 + text.Length];
        var writer = new Wire.SpanWriter(bytes);
        writer.WriteVarBytes(Encoding.ASCII.GetBytes(text));
        return writer.Written.ToArray();
    }
}
