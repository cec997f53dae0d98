using Crust.Gateway.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class FileCodecTests
{
    /// <summary>One of each message.</summary>
    internal static IReadOnlyList<FileMessage> Messages { get; } =
    [
        new FileMessage.Offer(1, 70, Trees.Hash(3), 4, 1L << 50),
        new FileMessage.Page(2, Trees.Some().Bytes),
        new FileMessage.FileEnd(3, 99_999, Trees.Hash(4)),
        new FileMessage.Finished(uint.MaxValue),
        new FileMessage.Abandon(4, "It changed."),
        new FileMessage.Thanks(5),
        new FileMessage.Ready(6, ReceiverState.Nothing),
        new FileMessage.Ready(7, new ReceiverState([0, 3, 2, 70_000], 70_005, [new ResumePoint(1L << 40, Trees.Hash(5)), new ResumePoint(1, Trees.Hash(6))])),
        new FileMessage.Working(8),
        new FileMessage.Mismatch(9, 0),
        new FileMessage.Refusal(10, RefusalCode.DiskFull, "No room."),
    ];

    [Fact]
    public void Read_GivesWhatWasWritten()
    {
        foreach (var message in Messages)
            FileCodec.Read(FileCodec.Write(message)).Should().BeEquivalentTo(message, o => o.RespectingRuntimeTypes().ComparingByMembers<ResumePoint>().Using<ReadOnlyMemory<byte>>(
                c => c.Subject.ToArray().Should().Equal(c.Expectation.ToArray())).WhenTypeIs<ReadOnlyMemory<byte>>());
    }

    [Fact]
    public void Read_RefusesEachMessage_WhenItIsCutOrLonger()
    {
        foreach (var message in Messages.Where(m => m is not (FileMessage.Page or FileMessage.Abandon or FileMessage.Refusal)))
        {
            var bytes = FileCodec.Write(message);
            for (var length = 0; length < bytes.Length; length++)
                FileCodec.Read(bytes.AsMemory(0, length)).Should().BeNull($"{message} in {length} bytes");
            FileCodec.Read((byte[])[.. bytes, 0]).Should().BeNull($"{message} and a byte");
        }
    }

    [Fact]
    public void Chunk_IsReadAsWritten_AndIsNoOtherMessage()
    {
        var bytes = new byte[FileProtocol.ChunkMessageLength];
        FileCodec.WriteChunkHeader(bytes, 7, 12, FileProtocol.MaxFileLength);
        bytes[^1] = 42;

        FileCodec.TryReadChunk(bytes, out var chunk).Should().BeTrue();
        (chunk.Attempt, chunk.Index, chunk.Offset).Should().Be((7u, 12, FileProtocol.MaxFileLength));
        chunk.Data.Length.Should().Be(FileProtocol.ChunkLength);
        chunk.Data.Span[^1].Should().Be(42);
        FileCodec.IsChunk(bytes).Should().BeTrue();
        FileCodec.Read(bytes).Should().BeNull();

        FileCodec.TryReadChunk(bytes.AsMemory(0, FileCodec.ChunkHeaderLength), out _).Should().BeFalse("an empty chunk would make no progress");
        FileCodec.TryReadChunk((byte[])[.. bytes, 0], out _).Should().BeFalse("too long");
        bytes[9] = 0x10;
        FileCodec.TryReadChunk(bytes, out _).Should().BeFalse("no file is so long");
    }

    [Fact]
    public void Read_RefusesStates_ThatSayAThingInAnotherWay()
    {
        byte[] State(params byte[] body) => [17, 0, 0, 0, 1, .. body];
        FileCodec.Read(State(0, 0, 0)).Should().NotBeNull();
        FileCodec.Read(State(1, 1, 0, 0)).Should().BeNull("the last run is of what is missing");
        FileCodec.Read(State(2, 1, 0, 0, 0)).Should().BeNull("an empty run");
        FileCodec.Read(State(0, 1, 0)).Should().BeNull("a part without a point");
        FileCodec.Read(State([0, 0, 1, 1, .. Trees.Hash(1)])).Should().BeNull("a point without a part");
        FileCodec.Read(State([0, 1, 2, 1, .. Trees.Hash(1), 2, .. Trees.Hash(1)])).Should().BeNull("points that rise");
        FileCodec.Read(State([0, 1, 1, 0, .. Trees.Hash(1)])).Should().BeNull("a point at 0");
        FileCodec.Read(State(0x80, 1, 0x86, 0xA1, 0, 0)).Should().BeNull("more runs than bytes");
    }

    [Fact]
    public void Reasons_AreCutToFit_AndReachNoTerminalAsControl()
    {
        FileCodec.Read(FileCodec.Write(new FileMessage.Abandon(1, new string('ü', 1000)))).Should().Be(new FileMessage.Abandon(1, new string('ü', FileProtocol.MaxReasonLength / 2)));
        FileCodec.Read(FileCodec.Write(new FileMessage.Abandon(1, "a\u001b[2Jb\nc\u202e"))).Should().Be(new FileMessage.Abandon(1, "a?[2Jb?c?"));
        FileCodec.Read((byte[])[6, 0, 0, 0, 1, 0xFF]).Should().BeNull("no text");
    }

    [Fact]
    public void Runs_AreExpandedToTheSameFlags()
    {
        foreach (var flags in new[] { "", "0", "1", "01", "10", "110", "0110", "1011000", "0000", "11111" })
        {
            var done = flags.Select(f => f == '1').ToArray();
            var read = new bool[done.Length];
            new ReceiverState(ReceiverState.Runs(done), null, []).TryExpand(read).Should().BeTrue();
            read.Should().Equal(done, flags);
        }

        new ReceiverState([0, 4], null, []).TryExpand(new bool[3]).Should().BeFalse();
    }
}
