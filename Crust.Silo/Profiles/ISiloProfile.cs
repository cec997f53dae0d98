namespace Crust.Silo.Profiles;

/// <summary>Where a silo keeps grain state and finds the other silos: one whole choice.</summary>
internal interface ISiloProfile : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    string Name { get; }

    /// <summary>Where the state is, for people: a folder or a host. No secret of the connection is in it.</summary>
    string Place { get; }

    /// <summary>What the operator must know at each start; known once prepared.</summary>
    IReadOnlyList<string> Warnings { get; }

    /// <summary>Checks that the place can be used, before anything else starts.</summary>
    /// <exception cref="SiloStartException">It cannot; the message says why.</exception>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Adds storage (as <see cref="Storage.IStorageStatus"/> too) and membership to the silo.</summary>
    void Configure(ISiloBuilder silo, SiloAddresses addresses);

    /// <summary>Called with the built services, before they start.</summary>
    void Attach(IServiceProvider services)
    {
    }
}
