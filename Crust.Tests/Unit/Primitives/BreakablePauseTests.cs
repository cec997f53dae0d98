using Crust.Primitives.Driver;
using FluentAssertions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Crust.Tests.Unit.Primitives;

public sealed class BreakablePauseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly BreakablePause _pause;

    public BreakablePauseTests() => _pause = new BreakablePause(_time);

    [Fact]
    public async Task Pause_LastsItsTime_AndSaysSo()
    {
        var pausing = _pause.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None);

        _time.Advance(TimeSpan.FromSeconds(9.9));
        pausing.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(0.1));

        (await pausing.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken)).Should().BeFalse();
    }

    [Fact]
    public async Task Break_EndsThePausesUnderWay_AndNoLaterOne()
    {
        _pause.Break();
        var (one, another) = (_pause.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None), _pause.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None));
        one.IsCompleted.Should().BeFalse("it began after the break");

        _pause.Break();

        (await one.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken)).Should().BeTrue();
        (await another.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken)).Should().BeTrue();
        _pause.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken.None).IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Pause_IsGivenUp_WithItsToken()
    {
        using var stopped = new CancellationTokenSource();
        var pausing = _pause.WaitAsync(TimeSpan.FromSeconds(10), stopped.Token);

        await stopped.CancelAsync();

        await FluentActions.Awaiting(() => pausing).Should().ThrowAsync<OperationCanceledException>();
    }
}
