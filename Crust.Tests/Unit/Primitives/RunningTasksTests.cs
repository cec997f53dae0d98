using Crust.Primitives.Driver;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Primitives;

public sealed class RunningTasksTests
{
    private readonly RunningTasks _running = new();

    [Fact]
    public async Task WhenEnded_WaitsForAll_HoweverTheyEnd()
    {
        var (first, second, third) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        _running.Add(first.Task);
        _running.Add(second.Task);
        _running.Add(third.Task);
        var ended = _running.WhenEndedAsync();

        first.SetException(new InvalidOperationException("A bug."));
        second.SetCanceled(TestContext.Current.CancellationToken);
        ended.IsCompleted.Should().BeFalse("one runs");
        third.SetResult();

        await ended.WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
        _running.Count.Should().Be(0);
    }

    [Fact]
    public void Task_IsForgotten_WhenItEnds()
    {
        var endless = new TaskCompletionSource();
        _running.Add(endless.Task);
        for (var i = 0; i < 1000; i++)
        {
            var task = new TaskCompletionSource();
            _running.Add(task.Task);
            task.SetResult();
        }

        _running.Add(Task.CompletedTask);

        _running.Count.Should().Be(1);
    }

    [Fact]
    public async Task WhenEnded_EndsAtOnce_WhenNothingRuns() => await _running.WhenEndedAsync().WaitAsync(Eventually.Soon, TestContext.Current.CancellationToken);
}
