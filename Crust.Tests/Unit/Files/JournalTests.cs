using System.Text;
using Crust.Gateway.Files;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Files;

public sealed class JournalTests
{
    private static readonly string[] Lines = [Journal.DoneLine(0, Trees.Hash(1)), Journal.DoneLine(7, Trees.Hash(2)), Journal.PlacingLine("a \"name\"\n")];

    [Fact]
    public void Parse_ReadsWhatWasWritten()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Lines));

        var journal = Journal.Parse(bytes);

        journal.Done.Keys.Should().Equal(0, 7);
        journal.Done[7].Should().Equal(Trees.Hash(2));
        journal.Placing.Should().Be("a \"name\"\n");
        journal.ValidLength.Should().Be(bytes.Length);
    }

    [Fact]
    public void Parse_StopsAtATornLine_WhereverItIsTorn()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Lines));
        for (var length = 0; length < bytes.Length; length++)
        {
            var whole = Lines.TakeWhile((_, i) => Lines.Take(i + 1).Sum(l => l.Length) <= length).ToArray();
            var journal = Journal.Parse(bytes.AsSpan(0, length));
            journal.ValidLength.Should().Be(whole.Sum(l => l.Length));
            journal.Done.Should().HaveCount(Math.Min(whole.Length, 2));
            journal.Placing.Should().BeNull();
        }
    }

    [Fact]
    public void Parse_BelievesNothing_FromADamagedLineOn()
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(Lines));
        for (var i = 0; i < Lines[0].Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 1;
            Journal.Parse(damaged).Done.Should().BeEmpty($"byte {i}");
        }
    }
}
