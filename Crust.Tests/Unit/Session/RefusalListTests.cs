using Crust.Session.Frames;
using Crust.Session.Receiving;
using Crust.Wire;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Session;

public class RefusalListTests
{
    [Fact]
    public void NewLink_RepeatsTheLastWindow_AndNoMoreThanTwo()
    {
        var list = new RefusalList();
        var buffer = new byte[4 << 20];
        for (ulong number = 1; number <= RefusalList.MaxRemembered * 3; number++)
        {
            list.Add(new RefuseFrame(number, 1));
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
        numbers.Should().BeInAscendingOrder().And.HaveCountGreaterOrEqualTo(RefusalList.MaxRemembered).And.HaveCountLessOrEqualTo(RefusalList.MaxRemembered * 2);
        numbers[^1].Should().Be((ulong)RefusalList.MaxRemembered * 3);
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
