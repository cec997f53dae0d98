using Crust.Noise;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Noise;

public sealed class HandshakePatternTests
{
    [Fact]
    public void Parse_ReadsTheSpecificationsLayout()
    {
        var pattern = HandshakePattern.Parse("IK:\n  <- s\n  ...\n  -> e, es, s, ss\n  <- e, ee, se");
        pattern.Name.Should().Be("IK");
        (pattern.InitiatorStaticIsKnown, pattern.ResponderStaticIsKnown, pattern.UsesKem).Should().Be((false, true, false));
        pattern.Messages.Should().HaveCount(2);
        pattern.Messages[0].Should().Equal(HandshakeToken.E, HandshakeToken.ES, HandshakeToken.S, HandshakeToken.SS);
        pattern.Messages[1].Should().Equal(HandshakeToken.E, HandshakeToken.EE, HandshakeToken.SE);
        pattern.ProtocolName.Should().Be("Noise_IK_25519_ChaChaPoly_BLAKE2b");
    }

    [Theory]
    [InlineData("")]
    [InlineData("IK")]
    [InlineData(": -> e")]
    [InlineData("X:")]
    [InlineData("X: <- s ...")]
    [InlineData("X: <- e")]
    [InlineData("X: -> e -> e")]
    [InlineData("X: ->")]
    [InlineData("X: e, es")]
    [InlineData("X: -> e, psk")]
    [InlineData("X: -> e ... -> e")]
    public void Parse_RefusesWhatTheEngineDoesNotRun(string text) => FluentActions.Invoking(() => HandshakePattern.Parse(text)).Should().Throw<FormatException>();
}
