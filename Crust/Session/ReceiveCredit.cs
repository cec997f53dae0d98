namespace Crust.Session;

/// <summary>
/// What we admit the remote to send: always one window more than the application consumed. Only what was announced counts: it bounds the memory
/// that a remote can make us hold.
/// </summary>
internal sealed class ReceiveCredit
{
    private long _announced = WireLimits.FlowWindow;
    private long _charged;
    private long _delivered;
    private long _consumed;

    /// <summary>Credit to announce now.</summary>
    internal long Granted => WireLimits.FlowWindow + _consumed;

    /// <summary>Takes the cost of a message that begins to arrive; false when the remote overruns its credit.</summary>
    internal bool TryCharge(long cost)
    {
        if (cost > _announced - _charged)
            return false;
        _charged += cost;
        return true;
    }

    /// <summary>A message that did not become valid before its link was lost: it will come, and be charged, again.</summary>
    internal void Refund(long cost) => _charged -= cost;

    internal void Deliver(long cost) => _delivered += cost;

    /// <summary>The application is done with a message of this cost.</summary>
    internal void Consume(long cost)
    {
        if (cost > _delivered - _consumed)
            throw new ArgumentOutOfRangeException(nameof(cost), "More is returned than was delivered.");
        _consumed += cost;
    }

    /// <summary><see cref="Granted"/> was written to a record.</summary>
    internal void Announced() => _announced = Granted;
}
