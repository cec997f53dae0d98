using Crust.GatewayProtocol;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.GatewayProtocol;

public sealed class GatewaySilenceTests
{
    private static readonly Instant Asked = new(5_000_000);
    private static readonly Instant Before = Asked - TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(null, 3000)]
    [InlineData(0.5, 1000)]
    [InlineData(250.0, 1000)]
    [InlineData(300.0, 1200)]
    [InlineData(1500.0, 6000)]
    [InlineData(60_000.0, 8000)]
    public void Gateway_IsSilent_AfterASecondOrFourRoundTrips(double? rttMilliseconds, int patienceMilliseconds)
    {
        TimeSpan? rtt = rttMilliseconds is { } some ? TimeSpan.FromMilliseconds(some) : null;
        var patience = TimeSpan.FromMilliseconds(patienceMilliseconds);
        var silence = new GatewaySilence(Asked);

        silence.Deadline(rtt).Should().Be(Asked + patience);
        silence.Handle(Asked + (patience - TimeSpan.FromMicroseconds(1)), Before, rtt).Should().Be(SilenceVerdict.Wait);
        silence.Handle(Asked + patience, Before, rtt).Should().Be(SilenceVerdict.Silent);
    }

    [Fact]
    public void SlowGateway_IsNotSilent_AsLongAsItShowsLife()
    {
        // It may wait 5 s for the cluster, and its session answers meanwhile.
        var silence = new GatewaySilence(Asked);
        var rtt = TimeSpan.FromMilliseconds(20);
        for (var second = 1; second <= 60; second++)
        {
            var now = Asked + TimeSpan.FromSeconds(second);

            silence.Handle(now, now - TimeSpan.FromMilliseconds(980), rtt).Should().Be(SilenceVerdict.AskAgain, $"it answered at once {second} times");
            silence.Deadline(rtt).Should().Be(now + TimeSpan.FromSeconds(1), "and is asked again");
        }
    }

    [Fact]
    public void GatewayThatDiesWhileItIsAsked_IsSilent_ASecondAfterItWasAskedAgain()
    {
        var silence = new GatewaySilence(Asked);
        var rtt = TimeSpan.FromMilliseconds(20);
        var died = Asked + TimeSpan.FromMilliseconds(300);

        silence.Handle(Asked + TimeSpan.FromSeconds(1), died, rtt).Should().Be(SilenceVerdict.AskAgain);
        silence.Handle(Asked + TimeSpan.FromSeconds(1.9), died, rtt).Should().Be(SilenceVerdict.Wait);
        silence.Handle(Asked + TimeSpan.FromSeconds(2), died, rtt).Should().Be(SilenceVerdict.Silent);
    }

    [Fact]
    public void WhoeverWasHeldUpItself_AsksAgain()
    {
        // A machine that slept, or is busy: what the gateway said may lie unread.
        var silence = new GatewaySilence(Asked);
        var rtt = TimeSpan.FromMilliseconds(20);
        var woke = Asked + TimeSpan.FromSeconds(1.51);

        silence.Handle(woke, Before, rtt).Should().Be(SilenceVerdict.AskAgain);
        silence.Handle(woke + TimeSpan.FromSeconds(1), Before, rtt).Should().Be(SilenceVerdict.Silent, "now it had its chance");
    }

    [Fact]
    public void AnswerAtTheMomentOfTheQuestion_IsASignOfLife() =>
        new GatewaySilence(Asked).Handle(Asked + TimeSpan.FromSeconds(3), Asked, null).Should().Be(SilenceVerdict.AskAgain);
}
