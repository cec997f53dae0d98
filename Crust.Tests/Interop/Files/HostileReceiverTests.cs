using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;
using Crust.Tests.Interop.Hostile;
using Crust.Tests.Processes;
using Crust.Tests.Unit.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Files;

/// <summary>What a receiver may answer: the sender ends with a reason, and believes no receipt that is not for what it sent.</summary>
public sealed class HostileReceiverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PeerIdentity _sender = PeerIdentity.Create();
    private readonly PeerIdentity _receiver = PeerIdentity.Create();

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task AReceiptForSomethingElse_IsNotBelieved()
    {
        Receipt Make(byte[] hash) => Receipt.For(Id, _sender.Id, _receiver.Id, Source.Manifest, [hash], DateTimeOffset.UnixEpoch);
        var right = Cryptography.Blake3.Hash("content"u8);
        (await FailsAsync(_ => [Make(Trees.Hash(1)).ToBytes()])).Should().Match<TransferFailedException>(e => e.Code == "receipt-differs" && e.Message.Contains("other contents"));
        (await FailsAsync(_ => [(Make(right) with { Sender = _receiver.Id.ToString() }).ToBytes()])).Message.Should().Contain("other peers");
        (await FailsAsync(_ => [(Make(right) with { Bytes = 1 }).ToBytes()])).Message.Should().Contain("other files");
    }

    [Fact]
    public async Task AnAnswerWithoutSense_EndsIt()
    {
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Ready(a, new ReceiverState([0, 5], null, [])))])).Code.Should().Be("protocol-violation");
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Ready(a, new ReceiverState([], 7, [new ResumePoint(1, Trees.Hash(1))])))])).Code.Should().Be("protocol-violation");
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Mismatch(a, 99))])).Code.Should().Be("protocol-violation");
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Finished(a))])).Code.Should().Be("protocol-violation");
    }

    [Fact]
    public async Task AFileThatNeverArrivesRight_IsGivenUp() =>
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Mismatch(a, 0))])).Should().Match<TransferFailedException>(e => e.Code == "mismatch" && e.Message.Contains("'file'"));

    [Fact]
    public async Task ARefusal_IsPassedOn()
    {
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Refusal(a, RefusalCode.DiskFull, "Nothing left."))]))
            .Should().Match<TransferFailedException>(e => e.Code == "disk-full" && e.Message.Contains("Nothing left.") && e.Message.Contains("goes on where it stopped"));
        (await FailsAsync(a => [FileCodec.Write(new FileMessage.Refusal(a, RefusalCode.NotAllowed, "No."))])).Code.Should().Be("not-allowed");
    }

    [Fact]
    public async Task ABusyReceiver_IsAskedAgain_ForAWhile()
    {
        var asked = 0;
        var failure = await FailsAsync(
            a =>
            {
                asked++;
                return [FileCodec.Write(new FileMessage.Refusal(a, RefusalCode.Busy, "Later."))];
            },
            s => s with { Retry = TimeSpan.FromSeconds(0.5) });
        failure.Code.Should().Be("busy");
        asked.Should().BeGreaterThan(1);
    }

    [Fact]
    public async Task Silence_EndsIt() =>
        (await FailsAsync(_ => [], s => s with { AnswerTimeout = TimeSpan.FromSeconds(0.3) })).Should().Match<TransferFailedException>(e => e.Code == "timed-out");

    [Fact]
    public async Task AnswersToOtherAttempts_AndNonsense_AreNotHeard() =>
        (await FailsAsync(a =>
        [
            [1, 2, 3], [], "{"u8.ToArray(), FileCodec.Write(new FileMessage.Refusal(a + 1, RefusalCode.TooLarge, "")), FileCodec.Write(new FileMessage.Working(a)),
            FileCodec.Write(new FileMessage.Refusal(a, RefusalCode.NotAllowed, "")),
        ])).Code.Should().Be("not-allowed");

    [Fact]
    public async Task APeerThatTakesNoFiles_IsNamed()
    {
        await using var node = await Loopback.StartAsync(o => o.Identity = _receiver);
        (await SendAsync(node).Invoking(s => s).Should().ThrowAsync<TransferFailedException>()).Which.Should().Match<TransferFailedException>(
            e => e.Code == "not-receiving" && e.Message.Contains("crust receive"));
    }

    [Fact]
    public async Task APeerThatIsGone_IsReportedAtOnce_WhenItWasNeverThere()
    {
        var node = await Loopback.StartAsync(o => o.Identity = _receiver);
        var address = node.Addresses[0];
        await node.DisposeAsync();
        await SendAsync(node, address: address).Invoking(s => s).Should().ThrowAsync<ConnectException>();
    }

    private SourceTree Source => SourceTree.Scan(File.Exists(_folder.PathOf("file")) ? _folder.PathOf("file") : _folder.Write("file", "content"), (_, _) => { });

    private TransferId Id => TransferId.For(_sender.Id, Source.Manifest.Hash);

    /// <summary>Sends to a receiver that answers each whole offer so; how that fails.</summary>
    private async Task<TransferFailedException> FailsAsync(Func<uint, IEnumerable<byte[]>> answers, Func<SendSettings, SendSettings>? configure = null)
    {
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Identity = _receiver;
            o.Handlers[FileProtocol.Name] = async (m, _) =>
            {
                if (FileCodec.Read(m.Payload.ToArray()) is not FileMessage.Page page)
                    return;
                foreach (var answer in answers(page.Attempt))
                    await m.Connection.SendAsync(FileProtocol.Name, answer, CancellationToken.None);
            };
        });
        return (await SendAsync(node, configure).Invoking(s => s).Should().ThrowAsync<TransferFailedException>()).Which;
    }

    private async Task SendAsync(CrustNode receiver, Func<SendSettings, SendSettings>? configure = null, PeerAddress? address = null)
    {
        var inbox = new ReceiverInbox(_receiver.Id);
        await using var node = await Loopback.StartAsync(o =>
        {
            o.Identity = _sender;
            o.Handlers[FileProtocol.Name] = inbox.HandleAsync;
        });
        var settings = new SendSettings { Self = _sender.Id, Peer = _receiver.Id };
        var sender = new FileSender(
            configure?.Invoke(settings) ?? settings, Source, inbox, token => node.ConnectToAddressAsync(address ?? receiver.Addresses[0], token), new TransferProgress(Id, Source.Manifest),
            TimeProvider.System);
        await sender.SendAsync(CancellationToken.None).WaitAsync(Eventually.Soon);
    }
}
