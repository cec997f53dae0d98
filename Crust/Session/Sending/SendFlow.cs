using Crust.Primitives;

namespace Crust.Session.Sending;

/// <summary>Entries that wait and keep their order: the messages of one protocol and priority, or one stream.</summary>
internal sealed class SendFlow(OutboundStream? stream)
{
    /// <summary>The stream, whose own credit may hold the flow back; null for messages.</summary>
    internal OutboundStream? Stream { get; } = stream;

    internal RingBuffer<OutboundEntry> Entries { get; } = new();

    /// <summary>True when the finish of the stream waits here.</summary>
    internal bool HasFinish
    {
        get
        {
            for (var i = Entries.Count - 1; i >= 0; i--)
            {
                if (Entries[i].Kind == EntryKind.StreamFinish)
                    return true;
            }

            return false;
        }
    }

    /// <summary>What it may still send in its turn, in cost; below zero it waits for further turns.</summary>
    internal long Deficit { get; set; }

    /// <summary>True while it stands in a <see cref="SendRing"/>.</summary>
    internal bool IsInRing { get; set; }
}
