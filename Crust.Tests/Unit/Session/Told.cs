using Crust.Identity.Evidence;
using Crust.Session;
using Crust.Session.Links;
using Crust.Session.Streams;

namespace Crust.Tests.Unit.Session;

/// <summary>Something that a machine told, with a copy of its payload: the lease goes back.</summary>
internal sealed record Told(SessionEvent Event, byte[] Payload)
{
    internal SessionEventKind Kind => Event.Kind;

    internal long Token => Event.Token;

    internal ulong Number => Event.Number;

    internal byte Priority => Event.Priority;

    internal string? Protocol => Event.Protocol;

    internal int Code => Event.Code;

    internal string? Reason => Event.Reason;

    internal bool ByRemote => Event.ByRemote;

    internal bool IsSigned => Event.IsSigned;

    internal BatchEvidence? Evidence => Event.Evidence;

    internal SessionStream? Stream => Event.Stream;

    internal SessionLink? Link => Event.Link;
}
