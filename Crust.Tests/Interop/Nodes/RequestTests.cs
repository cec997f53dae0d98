using System.Security.Cryptography;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Requests and responses between real nodes.</summary>
public sealed class RequestTests : IAsyncLifetime
{
    private CrustNode _a = null!;
    private CrustNode _b = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_a, _b) = (await StreamTests.StartAsync(), await StreamTests.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Requests_RunSideBySide_AndEachGetsItsOwnAnswer()
    {
        _b.HandleRequests("reverse", (request, _) =>
        {
            request.IsSigned.Should().BeTrue();
            var bytes = request.Payload.ToArray();
            Array.Reverse(bytes);
            return ValueTask.FromResult<ReadOnlyMemory<byte>>(bytes);
        });
        var connection = await ConnectAsync();
        var questions = Enumerable.Range(0, 100).Select(i => RandomNumberGenerator.GetBytes(i * 37)).ToList();

        var answers = await Task.WhenAll(questions.Select(q => connection.RequestAsync("reverse", q, Token)));

        answers.Should().BeEquivalentTo(questions.Select(q => q.AsEnumerable().Reverse().ToArray()), o => o.WithStrictOrdering());
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "no stream is left over");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(PeerConnection.MaxMessageLength)]
    public async Task Request_CarriesFromNothingToTheLongestMessage(int length)
    {
        _b.HandleRequests("echo", (request, _) => ValueTask.FromResult(request.Payload));
        var content = RandomNumberGenerator.GetBytes(length);
        var answer = await (await ConnectAsync()).RequestAsync("echo", content, Token).WaitAsync(Eventually.Soon, Token);
        answer.AsSpan().SequenceEqual(content).Should().BeTrue();
    }

    [Fact]
    public async Task TooLong_IsRefused_OnEitherSide()
    {
        _b.HandleRequests("much", (_, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[PeerConnection.MaxMessageLength + 1]));
        var connection = await ConnectAsync();
        var ask = () => connection.RequestAsync("much", new byte[PeerConnection.MaxMessageLength + 1], Token);
        await ask.Should().ThrowAsync<ArgumentException>();
        var answer = () => connection.RequestAsync("much", new byte[1], Token).WaitAsync(Eventually.Soon, Token);
        (await answer.Should().ThrowAsync<PeerStreamException>()).Which.Code.Should().Be(2);
    }

    [Fact]
    public async Task FailingHandler_AndMissingOne_AreToldApart()
    {
        _b.HandleRequests("fails", (_, _) => throw new InvalidOperationException("no"));
        var connection = await ConnectAsync();
        var failing = () => connection.RequestAsync("fails", new byte[1], Token).WaitAsync(Eventually.Soon, Token);
        (await failing.Should().ThrowAsync<PeerStreamException>()).Which.Code.Should().Be(2);
        var missing = () => connection.RequestAsync("nobody", new byte[1], Token).WaitAsync(Eventually.Soon, Token);
        (await missing.Should().ThrowAsync<ProtocolRefusedException>()).Which.Protocol.Should().Be("nobody");
        (await connection.PingAsync(Token)).Should().BePositive();
    }

    [Fact]
    public async Task CancelledRequest_TellsTheHandler_AndFreesTheStream()
    {
        var (begun, told) = (Source(), Source());
        _b.HandleRequests("slow", async (_, cancelled) =>
        {
            begun.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancelled);
            }
            finally
            {
                told.TrySetResult();
            }

            return default;
        });
        var connection = await ConnectAsync();
        using var impatience = new CancellationTokenSource();
        var asking = connection.RequestAsync("slow", new byte[10], impatience.Token);
        await begun.Task.WaitAsync(Eventually.Soon, Token);

        await impatience.CancelAsync();

        await FluentActions.Awaiting(() => asking).Should().ThrowAsync<OperationCanceledException>();
        await told.Task.WaitAsync(Eventually.Soon, Token);
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "the stream is over");
    }

    [Fact]
    public async Task Request_IsAnsweredOnce_AlthoughItsLinkIsCut()
    {
        var handled = 0;
        var (begun, go) = (Source(), Source());
        _b.HandleRequests("once", async (request, cancelled) =>
        {
            Interlocked.Increment(ref handled);
            begun.TrySetResult();
            await go.Task.WaitAsync(cancelled);
            return request.Payload;
        });
        await using var proxy = new CuttingProxy(_b.Addresses[0].EndPoint);
        var connection = await _a.ConnectToAddressAsync(new PeerAddress(TransportKind.Tcp, proxy.EndPoint, _b.Id), Token);
        var content = RandomNumberGenerator.GetBytes(100_000);
        var asking = connection.RequestAsync("once", content, Token);
        await begun.Task.WaitAsync(Eventually.Soon, Token);

        proxy.Cut();
        go.SetResult();

        (await asking.WaitAsync(Eventually.Soon, Token)).Should().Equal(content);
        handled.Should().Be(1);
    }

    private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task<PeerConnection> ConnectAsync() => _a.ConnectToAddressAsync(_b.Addresses[0], Token);
}
