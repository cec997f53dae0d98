namespace Crust.Tests.Processes.Clusters;

/// <summary>Keeps every processor of the machine busy, twice over, until it is disposed of.</summary>
internal sealed class BusyProcessors : IAsyncDisposable
{
    private readonly Task _running;
    private volatile bool _isOver;

    internal BusyProcessors() => _running = Task.WhenAll(Enumerable.Range(0, 2 * Environment.ProcessorCount).Select(_ => Task.Factory.StartNew(Spin, TaskCreationOptions.LongRunning)));

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        await _running;
    }

    private void Spin()
    {
        while (!_isOver)
            Thread.SpinWait(1000);
    }
}
