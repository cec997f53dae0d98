namespace Crust;

/// <summary>How a node knows a gateway.</summary>
public enum BootstrapSource
{
    /// <summary>From <see cref="CrustNodeOptions.Bootstrap"/>.</summary>
    Configured,

    /// <summary>Another gateway named it.</summary>
    Told,

    /// <summary>From the bootstrap cache: <see cref="CrustNodeOptions.BootstrapCacheFile"/>.</summary>
    Remembered,
}
