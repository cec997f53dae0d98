namespace Crust.Silo.Storage;

/// <summary>A write that waits for the writer thread.</summary>
/// <param name="Grain">The grain's id.</param>
/// <param name="Name">The state's name.</param>
/// <param name="ETag">The version that must be stored now; 0 for none.</param>
/// <param name="Data">What to store; null removes the row.</param>
internal sealed record SqliteWrite(string Grain, string Name, long ETag, byte[]? Data)
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The new version, once committed; <see cref="SqliteWriter.Conflict"/> when another version is stored.</summary>
    internal Task<long> Done => _done.Task;

    internal void Complete(long etag) => _done.TrySetResult(etag);

    internal void Fail(Exception exception) => _done.TrySetException(exception);
}
