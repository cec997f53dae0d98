using Crust.Primitives;
using Crust.Session.Links;

namespace Crust.Tests.Unit.Session;

/// <summary>One end of a <see cref="PairLink"/>: the handle that its machine knows, and the records that it wrote and that have not arrived.</summary>
internal sealed class LinkEnd(PairLink link, SessionLink handle)
{
    internal PairLink Link { get; } = link;

    internal SessionLink Handle { get; } = handle;

    internal Queue<(byte[] Record, Instant Due)> Outbox { get; } = new();

    /// <summary>True when this end knows that the link is gone, or has given it up.</summary>
    internal bool IsGone { get; set; }
}
