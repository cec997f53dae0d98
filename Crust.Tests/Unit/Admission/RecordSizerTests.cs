using Crust.Primitives;
using Crust.Session;
using Crust.Session.Records;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class RecordSizerTests
{
    private static readonly Instant Start = new(9_000_000);

    [Fact]
    public void NextBytes_GrowsWithWhatFlows_AndShrinksAfterASecondOfSilence()
    {
        var sizer = new RecordSizer();
        sizer.NextBytes(Start).Should().Be(RecordSizer.SmallBytes);
        sizer.Sent((64 * 1024) - 1, Start);
        sizer.NextBytes(Start).Should().Be(RecordSizer.SmallBytes);
        sizer.Sent(1, Start);
        sizer.NextBytes(Start).Should().Be(RecordSizer.MediumBytes);
        sizer.Sent(448 * 1024, Start);
        sizer.NextBytes(Start).Should().Be(RecordSizer.LargeBytes);

        sizer.NextBytes(Start + TimeSpan.FromSeconds(1)).Should().Be(RecordSizer.LargeBytes);
        sizer.NextBytes(Start + TimeSpan.FromSeconds(1.001)).Should().Be(RecordSizer.SmallBytes);
    }

    [Fact]
    public void LargestRecord_FitsTheWire_InEverySuite()
    {
        foreach (var suite in Enum.GetValues<RecordSuite>())
            RecordSizer.LargeBytes.Should().BeLessThanOrEqualTo(RecordSealer.MaxPlaintext(suite));
        RecordSizer.SmallBytes.Should().BeGreaterThanOrEqualTo(WireLimits.MinRecordLength);
    }
}
