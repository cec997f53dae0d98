using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>Entries that wait and keep their order: the messages of one protocol and priority, or one stream.</summary>
internal sealed class SendFlow(OutboundStream? stream)
{
    /// <summary>The stream, whose own credit may hold the flow back; null for messages.</summary>
    internal OutboundStream? Stream { get; } = stream;

    internal RingBuffer<OutboundEntry> Entries { get; } = new();

    /// <summary>What it may still send in its turn, in cost; below zero it waits for further turns.</summary>
    internal long Deficit { get; set; }

    /// <summary>True while it stands in a <see cref="SendRing"/>.</summary>
    internal bool IsInRing { get; set; }
}
