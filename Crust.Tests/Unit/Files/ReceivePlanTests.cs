using Crust.Gateway.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class ReceivePlanTests
{
    private readonly ReceivePlan _plan = new(Trees.Some());

    [Fact]
    public void Plan_TakesFilesInOrder_FoldersAside()
    {
        _plan.Current.Should().Be(1);
        _plan.Judge(1, 0, 10).Should().Be(ChunkVerdict.Append);
        _plan.Judge(4, 0, 10).Should().Be(ChunkVerdict.Violation, "another file's turn");
        _plan.Judge(0, 0, 1).Should().Be(ChunkVerdict.Violation, "a folder");
        _plan.MayEnd(1).Should().BeFalse();
        _plan.Append(10);
        _plan.MayEnd(1).Should().BeTrue();
        _plan.Complete(1, Trees.Hash(1));
        _plan.Current.Should().Be(4);
        _plan.MayEnd(4).Should().BeTrue("it is empty");
        _plan.Complete(4, Trees.Hash(2));
        _plan.Append(300_000);
        _plan.Complete(5, Trees.Hash(3));
        _plan.IsComplete.Should().BeTrue();
        _plan.Received.Should().Be(300_010);
        _plan.FilesDone.Should().Be(3);
        _plan.Judge(5, 300_000, 1).Should().Be(ChunkVerdict.Violation);
        _plan.MayEnd(5).Should().BeFalse();
    }

    [Fact]
    public void Plan_RefusesBytes_BesideTheFile()
    {
        _plan.Judge(1, 0, 11).Should().Be(ChunkVerdict.Violation);
        _plan.Judge(1, 5, 1).Should().Be(ChunkVerdict.Violation, "a hole");
        _plan.Judge(1, FileProtocol.MaxFileLength, 1).Should().Be(ChunkVerdict.Violation);
        _plan.Append(5);
        _plan.Judge(1, 0, 5).Should().Be(ChunkVerdict.Violation, "sent again, though nothing was asked");
    }

    [Fact]
    public void Plan_LetsTheSenderChooseItsPlace_OnceAfterAnOffer()
    {
        _plan.Found(8);
        var state = _plan.Offer([new ResumePoint(8, Trees.Hash(1)), new ResumePoint(4, Trees.Hash(2))]);
        state.Partial.Should().Be(1);

        _plan.Judge(1, 8, 2).Should().Be(ChunkVerdict.Append);
        _plan.Judge(1, 4, 6).Should().Be(ChunkVerdict.Rewind);
        _plan.Judge(1, 0, 10).Should().Be(ChunkVerdict.Rewind);
        _plan.Judge(1, 3, 7).Should().Be(ChunkVerdict.Violation, "nobody offered that");
        _plan.Rewind(4);
        _plan.Received.Should().Be(4);
        _plan.Append(1);
        _plan.Judge(1, 0, 10).Should().Be(ChunkVerdict.Violation, "it has begun: hashing a long file again and again would be work for nothing");
    }

    [Fact]
    public void SendPlan_FollowsTheState()
    {
        _plan.Complete(4, Trees.Hash(1));
        _plan.Found(8);
        var state = _plan.Offer([new ResumePoint(8, Trees.Hash(1))]);

        var plan = SendPlan.For(Trees.Some(), state)!;

        plan.Missing.Should().Equal(1, 5);
        plan.Done.Should().Equal(4);
        plan.FilesDone.Should().Be(1);
        SendPlan.For(Trees.Some(), state with { Partial = 5 }).Should().BeNull("the first missing file is another");
        SendPlan.For(Trees.Some(), new ReceiverState([0, 7], null, [])).Should().BeNull("more than there are");
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "1")]
    [InlineData(1000, "1000 500")]
    [InlineData(100L << 20, "104857600 52428800 37748736")]
    [InlineData(4L << 30, "4294967296 4227858432 3221225472 2147483648")]
    public void ResumePoints_BeginAtTheEnd(long length, string offsets) => string.Join(' ', ResumePoint.OffsetsFor(length)).Should().Be(offsets);
}
