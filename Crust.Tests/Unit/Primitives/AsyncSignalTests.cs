using Crust.Primitives.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Primitives;

public sealed class AsyncSignalTests
{
    [Fact]
    public async Task Wait_EndsOnce_ForManySets()
    {
        var signal = new AsyncSignal();
        signal.Set();
        signal.Set();

        var first = signal.WaitAsync().AsTask();
        first.IsCompletedSuccessfully.Should().BeTrue();
        var second = signal.WaitAsync().AsTask();
        second.IsCompleted.Should().BeFalse("both sets were one signal");
        signal.Set();
        await second.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Wait_EndsWithItsToken_AndTheNextOneWorks()
    {
        var signal = new AsyncSignal();
        using var cancellation = new CancellationTokenSource();
        var wait = signal.WaitAsync(cancellation.Token).AsTask();
        await cancellation.CancelAsync();

        await FluentActions.Awaiting(() => wait.WaitAsync(Eventually.Soon)).Should().ThrowAsync<OperationCanceledException>();
        var cancelled = signal.WaitAsync(cancellation.Token).AsTask();
        cancelled.IsCanceled.Should().BeTrue();
        var next = signal.WaitAsync().AsTask();
        signal.Set();
        await next.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task TimedWait_EndsWithTheTime_TheSignalOrItsToken()
    {
        var signal = new AsyncSignal();
        await signal.WaitAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
        var wait = signal.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, TestContext.Current.CancellationToken);
        wait.IsCompleted.Should().BeFalse("that time was not for this one");
        signal.Set();
        await wait.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource();
        wait = signal.WaitAsync(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation.Token);
        await cancellation.CancelAsync();
        await FluentActions.Awaiting(() => wait.WaitAsync(Eventually.Soon)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Wait_MissesNoSet_WhenBothRace()
    {
        const int count = 200_000;
        var requests = new AsyncSignal();
        var answers = new AsyncSignal();
        var token = TestContext.Current.CancellationToken;
        var answering = Task.Run(
            async () =>
            {
                for (var i = 0; i < count; i++)
                {
                    await requests.WaitAsync(token);
                    answers.Set();
                }
            },
            token);
        for (var i = 0; i < count; i++)
        {
            requests.Set();
            await answers.WaitAsync(token);
        }

        await answering.WaitAsync(Eventually.Soon, token);
    }
}
