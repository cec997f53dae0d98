using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class ProgressTests
{
    private static readonly ProgressSnapshot Half = new(50 << 20, 100 << 20, 2, 3, 10 << 20, TimeSpan.FromSeconds(4.2), "direct-tcp", "");

    [Fact]
    public void Line_TellsEverything_InTheWidthThereIs()
    {
        ProgressLine.ForTerminal(Half, 100).Should().Be("[###############...............]  50 %    10 MiB/s  0:05 left  file 2 of 3  direct-tcp");
        ProgressLine.ForLog(Half).Should().Be(" 50 %    10 MiB/s  0:05 left  file 2 of 3  direct-tcp  50 MiB of 100 MiB");
        for (var width = 0; width < 120; width++)
            ProgressLine.ForTerminal(Half, width).Length.Should().BeLessThanOrEqualTo(width);
    }

    [Fact]
    public void Line_SaysWhatHappens_WhenNoBytesFlow() =>
        ProgressLine.ForTerminal(Half with { Note = "reconnecting", Files = 1, Path = "" }, 60).Should().Be("[###############...............]  50 %  reconnecting");

    [Fact]
    public void Percent_IsHundredOnlyAtTheEnd()
    {
        (Half with { Bytes = (100 << 20) - 1 }).Percent.Should().Be(99);
        (Half with { Bytes = 100 << 20 }).Percent.Should().Be(100);
        (Half with { Bytes = 0, Total = 0, File = 3 }).Percent.Should().Be(100);
        (Half with { Bytes = 0, Total = 0, File = 1 }).Percent.Should().Be(0);
    }

    [Theory]
    [InlineData(0, "0:00")]
    [InlineData(0.1, "0:01")]
    [InlineData(61, "1:01")]
    [InlineData(3599.5, "1:00:00")]
    [InlineData(86_400, "24:00:00")]
    public void Duration_IsShort(double seconds, string text) => ProgressLine.Duration(TimeSpan.FromSeconds(seconds)).Should().Be(text);

    [Fact]
    public void Rate_FollowsSlowly_AndStartsAnewAfterABreak()
    {
        var meter = new ProgressMeter();
        meter.Start(TimeSpan.Zero, 1000);
        meter.Rate.Should().Be(0);
        meter.Remaining(2000).Should().BeNull();
        meter.Observe(TimeSpan.FromSeconds(1), 1100);
        meter.Rate.Should().Be(100, "what was there before does not count");
        meter.Remaining(2100).Should().Be(TimeSpan.FromSeconds(10));
        meter.Observe(TimeSpan.FromSeconds(4), 1100);
        meter.Rate.Should().BeApproximately(100 / Math.E, 0.01, "3 s without a byte");
        meter.Observe(TimeSpan.FromSeconds(4), 9999);
        meter.Rate.Should().BeApproximately(100 / Math.E, 0.01, "no time passed");
        meter.Start(TimeSpan.FromSeconds(5), 0);
        meter.Rate.Should().Be(0);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(10_239, "10 KiB")]
    [InlineData((1 << 20) - 1, "1.0 MiB")]
    [InlineData(5L << 40, "5.0 TiB")]
    public void Size_IsShort(double bytes, string text) => ByteSize.Format(bytes).Should().Be(text);

    [Theory]
    [InlineData("1000", 1000L)]
    [InlineData("64K", 65_536L)]
    [InlineData("1.5g", 1_610_612_736L)]
    [InlineData("10MiB", 10_485_760L)]
    [InlineData("10MB", 10_485_760L)]
    [InlineData("", null)]
    [InlineData("K", null)]
    [InlineData("-1", null)]
    [InlineData("1e9", null)]
    [InlineData("NaN", null)]
    [InlineData("9999999E", null)]
    [InlineData("many", null)]
    public void Size_IsRead(string text, long? bytes) => ByteSize.Parse(text).Should().Be(bytes);

    [Theory]
    [InlineData("a.txt", false, 1, "a.txt")]
    [InlineData("a.txt", false, 2, "a (2).txt")]
    [InlineData("a.tar.gz", false, 10, "a.tar (10).gz")]
    [InlineData("a.txt", true, 2, "a.txt (2)")]
    [InlineData(".profile", false, 2, ".profile (2)")]
    [InlineData("README", false, 3, "README (3)")]
    public void FreeName_CountsBeforeTheExtension(string name, bool isFolder, int n, string expected) => FreeName.Candidate(name, isFolder, n).Should().Be(expected);

    [Fact]
    public void FreeName_StaysAsShortAsANameMustBe()
    {
        foreach (var name in new[] { new string('n', 255), new string('n', 250) + ".text", "." + new string('e', 254), "a." + new string('e', 253), string.Concat(Enumerable.Repeat("🦀", 63)) })
        {
            var candidate = FreeName.Candidate(name, isFolder: false, 1234);
            System.Text.Encoding.UTF8.GetByteCount(candidate).Should().BeLessThanOrEqualTo(255);
            candidate.Should().Contain(" (1234)");
            candidate.Should().NotContain("\uFFFD");
        }
    }

    [Fact]
    public void Backoff_DoublesUpToFiveSeconds_UntilTheLimit()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(20));
        Enumerable.Range(0, 7).Select(_ => backoff.Next(TimeSpan.Zero)!.Value.TotalSeconds).Should().Equal(0.25, 0.5, 1, 2, 4, 5, 5);
        backoff.Next(TimeSpan.FromSeconds(19)).Should().Be(TimeSpan.FromSeconds(1), "the last try is at the limit");
        backoff.Next(TimeSpan.FromSeconds(20)).Should().BeNull();
        backoff.Reset();
        backoff.Next(TimeSpan.Zero).Should().Be(TimeSpan.FromSeconds(0.25));
        new Backoff(TimeSpan.Zero).Next(TimeSpan.Zero).Should().BeNull();
    }

    [Fact]
    public void Bar_MakesRoomForLinesThatStay()
    {
        using var terminal = new StringWriter();
        var bar = new TerminalBar(terminal);
        var lines = bar.Above(terminal);
        bar.Show("12345");
        bar.Show("123");
        lines.WriteLine("a line");
        bar.Show("9");
        bar.Clear();
        bar.Clear();
        terminal.ToString().Should().Be($"\r12345\r123  \r   \ra line{Environment.NewLine}\r9\r \r");
    }
}
