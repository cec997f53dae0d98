namespace Crust.Benchmarks.Scenarios;

/// <summary>Sessions of one kind, at either end.</summary>
internal interface IIdleSessions : IAsyncDisposable
{
    /// <summary>Sessions that are open now.</summary>
    int Open { get; }

    /// <summary>Makes so many far ends ready and returns where they are.</summary>
    Task<IReadOnlyList<string>> ListenAsync(int count);

    /// <summary>Opens a session with each and keeps it, one after the other.</summary>
    Task OpenAsync(IEnumerable<string> addresses);
}
