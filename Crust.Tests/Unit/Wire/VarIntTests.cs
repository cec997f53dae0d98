using Crust.Wire;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Wire;

public sealed class VarIntTests
{
    /// <summary>RFC 9000 appendix A.1.</summary>
    [Theory]
    [InlineData("c2197c5eff14e88c", 151288809941952652)]
    [InlineData("9d7f3e7d", 494878333)]
    [InlineData("7bbd", 15293)]
    [InlineData("25", 37)]
    public void ReadAndWrite_AreThoseOfRfc9000(string encoded, ulong value)
    {
        var bytes = Convert.FromHexString(encoded);
        VarInt.TryRead(bytes, out var read, out var length).Should().BeTrue();
        (read, length).Should().Be((value, bytes.Length));
        var written = new byte[8];
        VarInt.Write(written, value).Should().Be(bytes.Length);
        written[..bytes.Length].Should().Equal(bytes);
    }

    [Fact]
    public void EveryValue_RoundTrips_AndNoPrefixOfItIsRead() =>
        Gen.OneOf(Gen.ULong[0, VarInt.MaxValue], Gen.ULong[0, 100], Gen.ULong[16380, 16390], Gen.ULong[(1 << 30) - 3, (1 << 30) + 3]).Sample(value =>
        {
            var bytes = new byte[VarInt.Length(value)];
            VarInt.Write(bytes, value);
            return VarInt.TryRead(bytes, out var read, out var length) && read == value && length == bytes.Length
                && Enumerable.Range(0, bytes.Length).All(n => !VarInt.TryRead(bytes.AsSpan(0, n), out _, out _));
        });

    [Theory]
    [InlineData("4025")] // 37 in two bytes: the RFC allows it, signed bytes do not
    [InlineData("80000025")]
    [InlineData("c000000000000025")]
    [InlineData("80003fff")]
    [InlineData("c00000003fffffff")]
    [InlineData("")]
    public void LongerThanNeeded_IsRefused(string encoded) => VarInt.TryRead(Convert.FromHexString(encoded), out _, out _).Should().BeFalse();

    [Fact]
    public void ValuesAbove62Bits_AreABug() => FluentActions.Invoking(() => VarInt.Length(VarInt.MaxValue + 1)).Should().Throw<ArgumentOutOfRangeException>();
}
