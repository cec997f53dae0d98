namespace Crust.Session;

/// <summary>
/// Puts fragments together and holds the order of numbers. On one link numbers only rise; a number is new when it follows the last one that is new, and
/// a duplicate when it is at or below what was verified before the link changed. Duplicates are skipped without keeping a byte, and the sender may leave
/// out the rest of them.
/// </summary>
internal sealed class MessageAssembler(ReceiveCredit credit, InboundProtocols protocols)
{
    private InboundMessage? _current;
    private ulong _last;

    /// <summary>Takes a fragment.</summary>
    /// <param name="frame">The fragment.</param>
    /// <param name="verifiedThrough">Up to here everything is a duplicate.</param>
    /// <param name="completed">The message that is whole with it; null while it is not, and for a duplicate.</param>
    /// <returns>False when the fragment is out of turn, names an unknown protocol or overruns the credit.</returns>
    internal bool TryHandle(in MessageFrame frame, ulong verifiedThrough, out InboundMessage? completed)
    {
        completed = null;
        if (_current is null && !TryBegin(frame, verifiedThrough))
            return false;
        if (!_current!.TryAppend(frame))
            return false;
        if (_current.Filled < _current.Length)
            return true;
        completed = _current.IsDuplicate ? null : _current;
        _last = _current.Number;
        _current = null;
        return true;
    }

    /// <summary>The link changed: numbers begin anew, and a half-received message will come again.</summary>
    internal void Forget()
    {
        if (_current is { IsDuplicate: false })
            credit.Refund(_current.Cost);
        _current = null;
        _last = 0;
    }

    private bool TryBegin(in MessageFrame frame, ulong verifiedThrough)
    {
        var isDuplicate = frame.Number <= verifiedThrough;
        if (frame.Number <= _last
            || frame.Number > Math.Max(_last, verifiedThrough) + 1
            || protocols.Find(frame.Protocol) is not { } protocol
            || (!isDuplicate && !credit.TryCharge(WireLimits.Cost(frame.TotalLength))))
            return false;
        // Allocated whole only after the credit was charged: what a remote can make us hold is bounded by its window.
        var payload = isDuplicate ? null : frame.TotalLength == 0 ? [] : new byte[frame.TotalLength];
        _current = new InboundMessage(frame.Number, frame.Protocol, protocol, frame.Priority, payload, frame.TotalLength);
        return true;
    }
}
