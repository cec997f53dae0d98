namespace Crust.Primitives.Driver;

/// <summary>Work that runs by itself, kept until it ends, so that its owner's disposal can wait for it. Bounded by whoever begins the work. Thread safe.</summary>
internal sealed class RunningTasks
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    /// <summary>How many run.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
                return _running.Count;
        }
    }

    /// <summary>Keeps a task until it ends, however it does: its failure is nobody's any more.</summary>
    internal void Add(Task task)
    {
        lock (_gate)
            _running.Add(task);
        // Also runs, here and now, when the task has ended already.
        task.ContinueWith(
            done =>
            {
                _ = done.Exception;
                lock (_gate)
                    _running.Remove(done);
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends when all that run now have ended; never faults. To be called once nothing is begun any more.</summary>
    internal async Task WhenEndedAsync()
    {
        Task[] left;
        lock (_gate)
            left = [.. _running];
        await Task.WhenAll(left).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
