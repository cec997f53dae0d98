namespace Crust.Session.Circuits.Driver;

/// <summary>Who takes the circuits that the other end of a hop opens: a gateway passes them on, a peer answers them.</summary>
internal interface ICircuitHost
{
    /// <summary>
    /// A circuit was opened. Gives it a user before it returns, or closes it. On the hop's reading thread, under its session's lock; must not wait.
    /// </summary>
    /// <param name="hop">The hop that it came over.</param>
    /// <param name="circuit">The circuit.</param>
    /// <param name="token">What the caller brought to be admitted; valid during the call.</param>
    void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token);
}
