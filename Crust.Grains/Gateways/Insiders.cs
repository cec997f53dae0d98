namespace Crust.Grains.Gateways;

/// <summary>Calls that grains make to one another, and nobody from outside the silos.</summary>
internal static class Insiders
{
    /// <summary>Refuses a call of a client of the cluster: a gateway or a service.</summary>
    /// <exception cref="UnauthorizedAccessException">The caller is no grain.</exception>
    internal static void Require(IIncomingGrainCallContext context)
    {
        if (context.SourceId is not { } source || source.IsClient())
            throw new UnauthorizedAccessException($"{context.InterfaceName}.{context.MethodName} is for grains alone.");
    }
}
