namespace Crust.Session.Circuits;

/// <summary>
/// Who has a circuit: a link at its ends, the other half of it in a gateway. Calls come from the hop's own threads, one at a time for what arrives, never under
/// the lock of the hop's circuits; they must not wait.
/// </summary>
internal interface ICircuitUser
{
    /// <summary>The next bytes; valid during the call.</summary>
    void HandleReceived(ReadOnlySpan<byte> data);

    /// <summary>The remote lets us go further, or bytes left the queue.</summary>
    void HandleProgress();

    /// <summary>The circuit is over, not by our doing. Nothing is told after that.</summary>
    void HandleEnded(CircuitCode code);
}
