using Crust.Identity;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Identity;

public sealed class PeerIdTests
{
    private const string ZBase32 = "ybndrfg8ejkmcpqxot1uwisza345h769";

    /// <summary>The points of order 1, 2, 4 and 8, their non-canonical spellings, other non-canonical ones, points off the curve, and of mixed order.</summary>
    [Theory]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff")]
    [InlineData("0200000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d")]
    [InlineData("f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43")]
    public void SmallOrderMixedOrderAndNonCanonicalKeys_AreRefused(string key) =>
        PeerId.TryFromBytes(Convert.FromHexString(key), out _).Should().BeFalse();

    [Fact]
    public void OtherLengths_AreRefused()
    {
        var bytes = Id(1).ToByteArray();
        PeerId.TryFromBytes(bytes.AsSpan(1), out _).Should().BeFalse();
        PeerId.TryFromBytes([.. bytes, 0], out _).Should().BeFalse();
        PeerId.TryFromBytes([], out _).Should().BeFalse();
    }

    [Fact]
    public void Text_RoundTrips() => Gen.Byte.Array[32].Sample(seed =>
    {
        using var identity = PeerIdentity.FromSeed(seed);
        var text = identity.Id.ToString();
        var characters = new char[PeerId.TextLength];
        return text.Length == PeerId.TextLength && text.All(ZBase32.Contains) && PeerId.Parse(text) == identity.Id
            && identity.Id.TryFormat(characters, out var written, default, null) && written == PeerId.TextLength && text.AsSpan().SequenceEqual(characters)
            && PeerId.TryFromBytes(identity.Id.ToByteArray(), out var again) && again == identity.Id && text.StartsWith(again.ToShortString(), StringComparison.Ordinal);
    }, iter: 100);

    /// <summary>52 characters hold 260 bits: of the 16 last characters with the same key, one names it.</summary>
    [Fact]
    public void SpareBits_MustBeZero()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var id = Id((byte)seed);
            var text = id.ToString();
            foreach (var last in ZBase32)
            {
                var changed = text[..^1] + last;
                if (changed != text)
                    (PeerId.TryParse(changed, null, out var other) && other == id).Should().BeFalse("'{0}' would be a second name", changed);
            }
        }
    }

    [Fact]
    public void OtherTexts_AreRefused()
    {
        var text = Id(1).ToString();
        foreach (var bad in new[] { "", text[1..], text + "y", text.ToUpperInvariant(), "l" + text[1..], " " + text[1..], "é" + text[1..], new string('y', 52) })
            PeerId.TryParse(bad, null, out _).Should().BeFalse("'{0}' is no peer id", bad);
        PeerId.TryParse(null, null, out _).Should().BeFalse();
        FluentActions.Invoking(() => PeerId.Parse("nonsense")).Should().Throw<FormatException>();
    }

    /// <summary>Characters beyond ASCII used to throw out of the decoder.</summary>
    [Fact]
    public void Garbage_NeverThrows() => Gen.OneOf(Gen.String, Gen.Char.Array[PeerId.TextLength].Select(c => new string(c))).Sample(text => { _ = PeerId.TryParse(text, null, out _); });

    [Fact]
    public void Order_IsThatOfTheBytes() => Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[32], Gen.Int[0, 31]).Sample((left, right, same) =>
    {
        left.AsSpan(0, same).CopyTo(right);
        var (a, b) = (PeerId.FromTrustedBytes(left), PeerId.FromTrustedBytes(right));
        var order = Math.Sign(left.AsSpan().SequenceCompareTo(right));
        return Math.Sign(a.CompareTo(b)) == order && a < b == order < 0 && a > b == order > 0 && a <= b == order <= 0 && a >= b == order >= 0 && (a == b) == (order == 0);
    });

    private static PeerId Id(byte seed)
    {
        using var identity = PeerIdentity.FromSeed([seed, .. new byte[31]]);
        return identity.Id;
    }

    [Fact]
    public void TryParse_SaysNo_ToAnyOtherCharacter()
    {
        // The decoder threw on DEL: a gateway's answer could make a peer throw.
        var text = PeerIdentity.FromSeed(new byte[32]).Id.ToString();
        for (var c = '\0'; c < 300; c++)
        {
            if (!"ybndrfg8ejkmcpqxot1uwisza345h769".Contains(c))
                PeerId.TryParse(c + text[1..], null, out _).Should().BeFalse();
        }
    }
}
