using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Crust.Tests.Interop.Utp;

/// <summary>Our µTP and libutp, the reference implementation, over loopback and over a proxy that loses, doubles and reorders.</summary>
[Trait("speed", "slow"), Collection(Foreign.Name)]
public sealed class LibutpTests
{
    private const int Ours = 3_000_000, Theirs = 2_000_000, OursLossy = 400_000, TheirsLossy = 300_000;

    private static ProxyOptions Bad => new() { Seed = 11, Loss = 0.01, Reordering = 0.02, Duplication = 0.01 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OurDialler_AndLibutpsListener_ExchangeIdenticalContent(bool isLossy)
    {
        Libutp.Require();
        await using var listener = Libutp.Listen("--send", $"{(isLossy ? TheirsLossy : Theirs)}");
        await using var proxy = new DatagramProxy((await listener.EventAsync("listening")).Number("port"), isLossy ? Bad : new ProxyOptions());
        await using var host = new UtpHost();
        await using var link = await host.DialAsync(proxy.Port);

        await ExchangeAsync(link, isLossy ? OursLossy : Ours, listener);
        (proxy.Lost > 0).Should().Be(isLossy);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LibutpsDialler_AndOurListener_ExchangeIdenticalContent(bool isLossy)
    {
        Libutp.Require();
        await using var host = new UtpHost();
        await using var proxy = new DatagramProxy(host.Port, isLossy ? Bad : new ProxyOptions());
        await using var dialler = Libutp.Dial(proxy.Port, "--send", $"{(isLossy ? TheirsLossy : Theirs)}");
        await using var link = await host.AcceptAsync();

        await ExchangeAsync(link, isLossy ? OursLossy : Ours, dialler);
        (proxy.Lost > 0).Should().Be(isLossy);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALinkThatWeDispose_EndsForLibutpWithoutAnError_AndComplete(bool weDial)
    {
        Libutp.Require();
        await using var host = new UtpHost();
        // The dialler speaks first: nobody is accepted before.
        var (libutp, link) = await ConnectAsync(host, weDial, weDial ? ["--after-end"] : ["--send", "1000", "--keep"]);
        await using var process = libutp;

        var sent = await SendAsync(link, 500_000);
        await link.DisposeAsync();

        HashedContent.From(await libutp.EventAsync("received")).Should().Be(sent);
        if (weDial)
            Error(await libutp.EventAsync("closed")).Should().BeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ALinkThatLibutpCloses_IsCompleteForUs_AndClosedWithoutAnError(bool weDial)
    {
        Libutp.Require();
        await using var host = new UtpHost();
        var (libutp, link) = await ConnectAsync(host, weDial, "--send", "500000");
        await using var process = libutp;
        if (weDial)
            await SendAsync(link, 1);

        (await ReceiveAsync(link)).Should().Be(HashedContent.From(await libutp.EventAsync("sent")));
        await link.DisposeAsync();

        Error(await libutp.EventAsync("closed")).Should().BeNull();
    }

    [Fact]
    public async Task HalfClose_WeEndFirst_AndGoOnReading()
    {
        Libutp.Require();
        await using var host = new UtpHost();
        var (libutp, link) = await ConnectAsync(host, weDial: true, "--after-end", "--send", "500000");
        await using var process = libutp;

        var sent = await SendAsync(link, 500_000);
        await link.Transport.Output.CompleteAsync();

        HashedContent.From(await libutp.EventAsync("received")).Should().Be(sent);
        (await ReceiveAsync(link)).Should().Be(HashedContent.From(await libutp.EventAsync("sent")));
        Error(await libutp.EventAsync("closed")).Should().BeNull();
        await link.DisposeAsync();
    }

    [Fact]
    public async Task HalfClose_LibutpEndsFirst_AndGoesOnReading()
    {
        Libutp.Require();
        await using var host = new UtpHost();
        var (libutp, link) = await ConnectAsync(host, weDial: false, "--send", "500000");
        await using var process = libutp;

        (await ReceiveAsync(link)).Should().Be(HashedContent.From(await libutp.EventAsync("sent")));
        libutp.Has("received").Should().BeFalse("our direction is open");
        var sent = await SendAsync(link, 500_000);
        await link.Transport.Output.CompleteAsync();

        HashedContent.From(await libutp.EventAsync("received")).Should().Be(sent);
        Error(await libutp.EventAsync("closed")).Should().BeNull();
        await link.DisposeAsync();
    }

    [Fact]
    public async Task Abort_IsAResetForLibutp()
    {
        Libutp.Require();
        await using var host = new UtpHost();
        var (libutp, link) = await ConnectAsync(host, weDial: true, "--send", "1000", "--keep");
        await using var process = libutp;
        await SendAsync(link, 1000);
        await link.Transport.Input.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(InteropProcess.Patience);

        link.Abort(new ConnectionAbortedException());

        Error(await libutp.EventAsync("closed")).Should().Be("UTP_ECONNRESET");
        await link.DisposeAsync();
    }

    [Fact]
    public async Task ALibutpThatIsGoneWhileWeSend_FailsTheLink()
    {
        Libutp.Require();
        await using var host = new UtpHost();
        var (libutp, link) = await ConnectAsync(host, weDial: true, "--destroy", "100000", "--keep");
        await using var process = libutp;

        // It closes both directions at once, and answers what still comes with a reset.
        var sending = () => SendAsync(link, 1L << 40);

        await sending.Should().ThrowAsync<IOException>();
        await link.DisposeAsync();
    }

    [Fact]
    public async Task ADialToAPortWhereNobodySpeaks_Fails()
    {
        Libutp.Require();
        int port;
        await using (var gone = Libutp.Listen())
            port = (await gone.EventAsync("listening")).Number("port");
        await using var host = new UtpHost();

        var dialling = () => host.DialAsync(port);

        await dialling.Should().ThrowAsync<System.Net.Sockets.SocketException>();
    }

    /// <summary>Both send, end and receive; each must have what the other sent, and libutp must have closed without an error.</summary>
    private static async Task ExchangeAsync(ConnectionContext link, int bytes, InteropProcess libutp)
    {
        var sending = Task.Run(async () =>
        {
            var content = await HashedContent.SendAsync(link.Transport.Output, bytes, seed: 5);
            await link.Transport.Output.CompleteAsync();
            return content;
        });
        var received = await ReceiveAsync(link);
        var sent = await sending.WaitAsync(InteropProcess.Patience);

        received.Should().Be(HashedContent.From(await libutp.EventAsync("sent")));
        HashedContent.From(await libutp.EventAsync("received")).Should().Be(sent);
        await link.DisposeAsync();
        Error(await libutp.EventAsync("closed")).Should().BeNull();
    }

    private static async Task<(InteropProcess Libutp, ConnectionContext Link)> ConnectAsync(UtpHost host, bool weDial, params string[] options)
    {
        var libutp = weDial ? Libutp.Listen(options) : Libutp.Dial(host.Port, options);
        try
        {
            return (libutp, weDial ? await host.DialAsync((await libutp.EventAsync("listening")).Number("port")) : await host.AcceptAsync());
        }
        catch
        {
            await libutp.DisposeAsync();
            throw;
        }
    }

    private static Task<HashedContent> SendAsync(ConnectionContext link, long bytes) =>
        HashedContent.SendAsync(link.Transport.Output, bytes, seed: 1).WaitAsync(InteropProcess.Patience);

    private static Task<HashedContent> ReceiveAsync(ConnectionContext link) => HashedContent.ReceiveAsync(link.Transport.Input).WaitAsync(InteropProcess.Patience);

    private static string? Error(Processes.ProcessEvent closed) => closed.Body.GetProperty("error").GetString();
}
