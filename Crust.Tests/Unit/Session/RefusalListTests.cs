using Crust.Session;
using Crust.Session.Frames;
using Crust.Session.Receiving;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class RefusalListTests
{
    /// <summary>Every session used to remember as many as the largest window can hold, 4 MiB of them, outside the memory that the process allows.</summary>
    [Theory]
    [InlineData(WireLimits.InitialWindow)]
    [InlineData(32L << 20)]
    public void NewLink_RepeatsTheLastWindow_AndNoMoreThanTwo(long credit)
    {
        var list = new RefusalList();
        var most = (int)(credit / WireLimits.EntryOverhead) + 1;
        var buffer = new byte[4 << 20];
        for (ulong number = 1; number <= (ulong)most * 3; number++)
        {
            list.Add(new RefuseFrame(number, 1), credit);
            if (list.IsFlushed)
                Assert.Fail($"{number} waits to be written.");
            var writer = new SpanWriter(buffer);
            list.Write(ref writer);
            if (!list.IsFlushed)
                Assert.Fail($"{number} was written.");
        }

        list.HandleLinkChanged();
        var again = new SpanWriter(buffer);
        list.Write(ref again);
        var numbers = Numbers(again.Written);
        numbers.Should().BeInAscendingOrder().And.HaveCountGreaterOrEqualTo(most).And.HaveCountLessOrEqualTo(most * 2);
        numbers[^1].Should().Be((ulong)most * 3);
    }

    private static List<ulong> Numbers(ReadOnlySpan<byte> written)
    {
        var numbers = new List<ulong>();
        var reader = new SpanReader(written);
        while (reader.TryReadByte(out _) && RefuseFrame.TryRead(ref reader, out var frame))
            numbers.Add(frame.Number);
        return numbers;
    }
}
