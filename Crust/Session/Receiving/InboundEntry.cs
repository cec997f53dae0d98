using Crust.Buffers;
using Crust.Session.Frames;

namespace Crust.Session.Receiving;

/// <summary>An entry on its way in. Used again for another entry afterwards.</summary>
internal sealed class InboundEntry
{
    internal EntryShape Shape { get; set; }

    /// <summary>The protocol of a message or stream opening; null else.</summary>
    internal InboundProtocol? Protocol { get; set; }

    /// <summary>0 while the sender has given none.</summary>
    internal ulong Number { get; set; }

    /// <summary>Room for what has arrived, or more; empty for a duplicate.</summary>
    internal PayloadLease Payload { get; set; }

    /// <summary>Payload bytes in all.</summary>
    internal int Length { get; set; }

    /// <summary>Bytes that have arrived.</summary>
    internal int Filled { get; set; }

    /// <summary>True when it was verified before its link was lost: its bytes are skipped.</summary>
    internal bool IsDuplicate { get; set; }

    internal long Cost => WireLimits.Cost(Length);
}
