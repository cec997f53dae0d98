namespace Crust.Silo;

/// <summary>Disposes, last first, of what was added, unless it is told to forget: the way out of a start that fails half-way.</summary>
internal sealed class Undo : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _made = new();

    internal T Add<T>(T made) where T : IAsyncDisposable
    {
        _made.Push(made);
        return made;
    }

    internal void Forget() => _made.Clear();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_made.TryPop(out var made))
            await made.DisposeAsync();
    }
}
