namespace Crust.Tests.Cluster;

/// <summary>Waits for a condition of real processes or grains, with a deadline that only a hang misses.</summary>
internal static class Eventually
{
    internal static async Task<T> HoldsAsync<T>(Func<Task<T>> probe, Func<T, bool> condition, string what, TimeSpan? deadline = null)
    {
        using var patience = new CancellationTokenSource(deadline ?? TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var last = await probe();
            if (condition(last))
                return last;
            try
            {
                await poll.WaitForNextTickAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Waited in vain: {what}. Last seen: {last}");
            }
        }
    }

    internal static Task HoldsAsync(Func<bool> condition, string what, TimeSpan? deadline = null) =>
        HoldsAsync(() => Task.FromResult(condition()), held => held, what, deadline);
}
