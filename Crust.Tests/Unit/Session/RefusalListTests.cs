using Crust.Session;
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
        var buffer = new byte[1 << 20];
        for (ulong number = 1; number <= WireLimits.MaxWindowMessages * 5; number++)
        {
            list.Add(new RefuseFrame(number, 1));
            list.IsFlushed.Should().BeFalse();
            var writer = new SpanWriter(buffer);
            list.Write(ref writer);
            list.IsFlushed.Should().BeTrue();
        }

        list.HandleLinkChanged();
        var again = new SpanWriter(buffer);
        list.Write(ref again);
        var numbers = Numbers(again.Written);
        numbers.Should().BeInAscendingOrder().And.HaveCountGreaterOrEqualTo(WireLimits.MaxWindowMessages).And.HaveCountLessOrEqualTo(WireLimits.MaxWindowMessages * 2);
        numbers[^1].Should().Be((ulong)WireLimits.MaxWindowMessages * 5);
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
