using System.Net;
using Crust.Access;
using Crust.Identity;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Access;

public sealed class AccessTextTests
{
    private static readonly PeerId Alice = PeerIdentity.FromSeed(new byte[32]).Id;
    private static readonly PeerId Bob = PeerIdentity.FromSeed([.. Enumerable.Repeat((byte)9, 32)]).Id;

    [Fact]
    public void Rules_AreRead_WithCommentsBlanksAndBothLineEnds()
    {
        var text = $"# the office\r\n\r\nallow {Alice}  # Alice\r\n\tallow\t{Bob}\n  deny {Bob}\ndeny 203.0.113.0/24\ndeny 2001:db8::/32#lab\ndeny 198.51.100.7";

        AccessRules.TryParse(text, out var rules, out var error).Should().BeTrue(error);

        rules.AllowedPeers.Should().HaveCount(2).And.Contain([Alice, Bob]);
        rules.DeniedPeers.Should().Equal(Bob);
        rules.DeniedNetworks.Order(Comparer<IPNetwork>.Create((x, y) => string.CompareOrdinal(x.ToString(), y.ToString())))
            .Should().Equal(IPNetwork.Parse("198.51.100.7/32"), IPNetwork.Parse("2001:db8::/32"), IPNetwork.Parse("203.0.113.0/24"));
        rules.Allows(Bob).Should().BeFalse();
    }

    [Fact]
    public void Denial_CountsMore_WhateverTheOrderOfLines()
    {
        AccessRules.TryParse($"deny {Alice}\nallow {Alice}", out var rules, out _).Should().BeTrue();
        rules.Allows(Alice).Should().BeFalse();
    }

    [Theory]
    [InlineData("# nothing yet")]
    [InlineData("\n")]
    public void NoRule_MeansEveryone(string text)
    {
        AccessRules.TryParse(text, out var rules, out _).Should().BeTrue();
        rules.Allows(Alice).Should().BeTrue();
    }

    [Theory]
    [InlineData("", "line 1: the file is empty*")]
    [InlineData("\n\npermit X", "line 3: 'permit' is not a rule*")]
    [InlineData("deny", "line 1: expected*")]
    [InlineData("deny a b", "line 1: expected*")]
    [InlineData("Deny 10.0.0.0/8", "line 1: 'Deny' is not a rule*")]
    [InlineData("deny nobody", "line 1: 'nobody' is neither*")]
    [InlineData("deny 10.0.0.1/8", "line 1: '10.0.0.1/8' has bits beyond its prefix length*")]
    [InlineData("deny 10.0.0.0/33", "line 1: '33' is not a prefix length: 0 to 32")]
    [InlineData("deny 10.0.0.0/", "line 1: '' is not a prefix length*")]
    [InlineData("deny 10.0.0.0/-1", "line 1: '-1' is not a prefix length*")]
    [InlineData("deny 2001:db8::/129", "line 1: '129' is not a prefix length: 0 to 128")]
    [InlineData("deny 2001:db8::1/32", "line 1: '2001:db8::1/32' has bits beyond*")]
    [InlineData("deny 10", "line 1: '10' is neither*")]
    [InlineData("deny 010.0.0.0/8", "line 1: '010.0.0.0/8' is neither*")]
    [InlineData("deny fe80::1%eth0", "line 1: 'fe80::1%eth0' is neither*")]
    [InlineData("allow 10.0.0.0/8", "line 1: networks can be denied, not allowed*")]
    [InlineData("deny \u001b[31mred", "line 1: '?[31mred' is neither*")]
    public void OneWrongLine_MakesTheWholeTextWrong_AndIsNamed(string text, string complaint)
    {
        AccessRules.TryParse(text, out var rules, out var error).Should().BeFalse();
        error.Should().Match(complaint);
        rules.Should().BeSameAs(AccessRules.Everyone);
    }

    [Fact]
    public void FirstOfTwoMistakes_IsNamed()
    {
        AccessRules.TryParse($"deny {Alice}\noops\nallow 1", out _, out var error).Should().BeFalse();
        error.Should().StartWith("line 2:");
    }

    [Fact]
    public void CutTexts_AreNeverAnotherPeersRule()
    {
        var text = $"deny {Alice}";
        for (var length = 1; length < text.Length; length++)
            AccessRules.TryParse(text[..length], out _, out _).Should().BeFalse($"'{text[..length]}' is no rule");
    }

    [Fact]
    public void Garbage_NeverThrows() => Gen.OneOf(Gen.String, Gen.String[Gen.Char["allowdeny 0123456789abcdef:./%#\r\n\t"], 0, 80]).Sample(text =>
        AccessRules.TryParse(text, out var rules, out var error) ? error is null : error!.StartsWith("line ", StringComparison.Ordinal) && rules == AccessRules.Everyone);
}
