using Crust.Cryptography;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Cryptography;

public sealed class SecretBlockTests
{
    [Fact]
    public void Pieces_DoNotOverlap_AndAreZeroAgainForTheNext()
    {
        for (var round = 0; round < 100; round++)
        {
            using var one = new SecretBlock();
            using var other = new SecretBlock();
            var pieces = new[] { one.Take(2400), one.Take(32), other.Take(2400), other.Take(32) };
            foreach (var piece in pieces)
                piece.Span.ContainsAnyExcept((byte)0).Should().BeFalse();
            for (var i = 0; i < pieces.Length; i++)
                pieces[i].Span.Fill((byte)(i + 1));
            for (var i = 0; i < pieces.Length; i++)
                pieces[i].Span.ContainsAnyExcept((byte)(i + 1)).Should().BeFalse();
        }
    }

    [Fact]
    public void Block_GivesNoMoreThanItHas_AndNothingAfterItsEnd()
    {
        var block = new SecretBlock();
        block.Take(SecretBlock.Length - 1);
        FluentActions.Invoking(() => block.Take(2)).Should().Throw<InvalidOperationException>();
        block.Dispose();
        block.Dispose();
        FluentActions.Invoking(() => block.Take(1)).Should().Throw<ObjectDisposedException>();

        // Twice disposed of is once given back: two blocks are never one.
        using var first = new SecretBlock();
        using var second = new SecretBlock();
        var (a, b) = (first.Take(1), second.Take(1));
        a.Span[0] = 1;
        b.Span[0].Should().Be(0);
    }
}
