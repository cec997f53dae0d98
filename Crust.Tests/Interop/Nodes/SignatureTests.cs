using FluentAssertions;
using Xunit;

namespace Crust.Tests.Interop.Nodes;

/// <summary>Who signs and who insists on it, between real nodes: for a node, for a protocol, for messages, requests and streams.</summary>
public sealed class SignatureTests
{
    private const string Signed = "signed", Unsigned = "unsigned";

    private static readonly byte[] Payload = [1, 2, 3];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    public async Task ANode_SignsWhatItSends_UnlessItSaysOtherwise_AndThePeerDoesNotInsist(bool signs, bool insists, bool expected)
    {
        await using var a = await StreamTests.StartAsync(o => o.Sign = signs);
        await using var b = await StreamTests.StartAsync(o => o.RequireSignatures = insists);
        var message = new TaskCompletionSource<bool>();
        b.Handle(Signed, (m, _) => { message.TrySetResult(m.IsSigned); return ValueTask.CompletedTask; });
        b.HandleRequests(Signed, (r, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(new[] { r.IsSigned ? (byte)1 : (byte)0 }));
        var connection = await ConnectAsync(a, b);

        await connection.SendAndConfirmAsync(Signed, Payload, Token).WaitAsync(Eventually.Soon, Token);

        (await message.Task.WaitAsync(Eventually.Soon, Token)).Should().Be(expected);
        (await connection.RequestAsync(Signed, Payload, Token).WaitAsync(Eventually.Soon, Token)).Should().Equal(expected ? (byte)1 : (byte)0);
    }

    [Fact]
    public async Task AProtocol_IsLeftUnsigned_AndTheOthersAreNot()
    {
        await using var a = await StreamTests.StartAsync(o => o.UnsignedProtocols.Add(Unsigned));
        await using var b = await StreamTests.StartAsync();
        foreach (var protocol in new[] { Signed, Unsigned })
            b.HandleRequests(protocol, (r, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>(new[] { r.IsSigned ? (byte)1 : (byte)0 }));
        var connection = await ConnectAsync(a, b);

        (await connection.RequestAsync(Signed, Payload, Token).WaitAsync(Eventually.Soon, Token)).Should().Equal(1);
        (await connection.RequestAsync(Unsigned, Payload, Token).WaitAsync(Eventually.Soon, Token)).Should().Equal(0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoInsists_RefusesWhatIsUnsigned_MessagesRequestsAndStreams(bool onEverything)
    {
        await using var a = await StreamTests.StartAsync(o => o.UnsignedProtocols.Add(Unsigned));
        await using var b = await StreamTests.StartAsync(o =>
        {
            if (onEverything)
                o.RequireSignatures = true;
            else
                o.SignatureRequiredProtocols.Add(Unsigned);
        });
        var handled = 0;
        b.Handle(Unsigned, (_, _) => { Interlocked.Increment(ref handled); return ValueTask.CompletedTask; });
        b.HandleStreams(Unsigned, (_, _) => { Interlocked.Increment(ref handled); return ValueTask.CompletedTask; });
        b.HandleRequests(Signed, (r, _) => ValueTask.FromResult(r.Payload));
        var connection = await ConnectAsync(a, b);

        var message = () => connection.SendAndConfirmAsync(Unsigned, Payload, Token).WaitAsync(Eventually.Soon, Token);
        (await message.Should().ThrowAsync<ProtocolRefusedException>()).Which.Protocol.Should().Be(Unsigned);
        var request = () => connection.RequestAsync(Unsigned, Payload, Token).WaitAsync(Eventually.Soon, Token);
        (await request.Should().ThrowAsync<ProtocolRefusedException>()).Which.Protocol.Should().Be(Unsigned);
        await using var stream = connection.OpenStream(Unsigned);
        var read = () => stream.ReadAsync(new byte[1], Token).AsTask().WaitAsync(Eventually.Soon, Token);
        await read.Should().ThrowAsync<PeerStreamException>();

        (await connection.RequestAsync(Signed, Payload, Token).WaitAsync(Eventually.Soon, Token)).Should().Equal(Payload, "what is signed passes");
        handled.Should().Be(0);
    }

    /// <summary>The opening is the asking node's own and signed; what comes back on the same stream is not.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task WhoInsists_RefusesAnUnsignedAnswer(int length)
    {
        await using var a = await StreamTests.StartAsync(o => o.SignatureRequiredProtocols.Add(Unsigned));
        await using var b = await StreamTests.StartAsync(o => o.UnsignedProtocols.Add(Unsigned));
        b.HandleRequests(Unsigned, (r, _) =>
        {
            r.IsSigned.Should().BeTrue();
            return ValueTask.FromResult<ReadOnlyMemory<byte>>(new byte[length]);
        });
        var connection = await ConnectAsync(a, b);

        var request = () => connection.RequestAsync(Unsigned, Payload, Token).WaitAsync(Eventually.Soon, Token);

        (await request.Should().ThrowAsync<PeerStreamException>()).Which.Message.Should().Contain("unsigned");
        await Eventually.HoldsAsync(() => connection.Session.Statistics.Streams == 0, "no stream is left over");
        (await connection.PingAsync(Token).WaitAsync(Eventually.Soon, Token)).Should().BePositive();
    }

    private static async Task<PeerConnection> ConnectAsync(CrustNode a, CrustNode b) =>
        await a.ConnectToAddressAsync(b.Addresses.First(x => x.Transport == Crust.Identity.TransportKind.Tcp), Token);
}
