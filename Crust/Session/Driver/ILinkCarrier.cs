namespace Crust.Session.Driver;

/// <summary>What a <see cref="LinkPump"/> asks of the session it works for. Calls come from the pump's two loops, side by side.</summary>
internal interface ILinkCarrier
{
    /// <summary>Takes a record that the link brought; false when the link has been replaced, or the session is over.</summary>
    bool HandleRecord(LinkPump link, ReadOnlySpan<byte> plaintext);

    /// <summary>Fills the next record for the link, but for what it puts into <see cref="LinkPump.Lent"/>. What was lent to the record before is taken back.</summary>
    /// <returns>Its plaintext's length; 0 when there is none now, and with <paramref name="over"/> when there will be no more.</returns>
    int NextRecord(LinkPump link, Span<byte> plaintext, out bool over);

    /// <summary>What is in <see cref="LinkPump.Lent"/> was sealed. Due before the pump waits for the link, which may take long.</summary>
    void TakeBack(LinkPump link);

    /// <summary>True when this side ended the session and the link carries the goodbye, or has carried it.</summary>
    bool SaysGoodbye(LinkPump link);

    /// <summary>A loop failed in itself, which is our bug: the session must end, the process must not.</summary>
    void LinkFaulted(LinkPump link, Exception exception);

    /// <summary>Both loops have ended and the link is closed.</summary>
    Task LinkEndedAsync(LinkPump link);
}
