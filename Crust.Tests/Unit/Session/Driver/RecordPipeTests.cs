using System.IO.Pipelines;
using System.Net;
using Crust.Session.Driver;
using FluentAssertions;
using Microsoft.AspNetCore.Connections;
using Xunit;

namespace Crust.Tests.Unit.Session.Driver;

public sealed class RecordPipeTests
{
    [Fact]
    public async Task Dispose_CompletesBothPipes_SoThatTheirBuffersReturn()
    {
        // Neither pipe was completed: what they had rented never went back to the pool.
        var inward = new Pipe();
        var outward = new Pipe();
        var pipe = new RecordPipe(new DefaultConnectionContext("test", new Duplex(inward.Reader, outward.Writer), new Duplex(outward.Reader, inward.Writer)));
        pipe.Output.GetSpan(100)[0] = 1;
        pipe.Output.Advance(100);

        await pipe.DisposeAsync();
        await pipe.DisposeAsync();

        (await inward.Writer.FlushAsync(TestContext.Current.CancellationToken)).IsCompleted.Should().BeTrue();
        var read = async () => await outward.Reader.ReadAsync(TestContext.Current.CancellationToken);
        await read.Should().ThrowAsync<ConnectionAbortedException>();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
