using Crust.Buffers;
using Crust.Identity.Evidence;
using Crust.Session.Links;
using Crust.Session.Streams;

namespace Crust.Session;

/// <summary>Something that a <see cref="SessionMachine"/> tells its driver. Members that a kind does not name are default.</summary>
/// <param name="Kind">Which event it is.</param>
/// <param name="Token">The caller's token: acknowledged, refused, outcome unknown, not sent.</param>
/// <param name="Number">The message's number in the remote's direction, for <see cref="SessionMachine.Refuse"/>: message received.</param>
/// <param name="Priority">0 (highest) to 3: message received, stream opened.</param>
/// <param name="Protocol">The protocol's name: message or datagram received, stream opened, and at the end outcome unknown and not sent.</param>
/// <param name="Payload">
/// Message received, stream data, datagram: the payload, on loan until the driver calls <see cref="SessionMachine.MessageConsumed"/> or its like. At the end,
/// with outcome unknown and not sent: what was not acknowledged, on loan until the next call.
/// </param>
/// <param name="Code">A <see cref="RefuseCode"/> (refused), <see cref="GoodbyeCode"/> (closed) or the application's code (stream reset, stopped).</param>
/// <param name="Reason">Link activated: why this one, unless it is the first. Closed: our words or the remote's; the remote's are stripped of anything that could upset a terminal.</param>
/// <param name="ByRemote">Closed: true when the remote said goodbye.</param>
/// <param name="IsSigned">Whether the remote's signature over it was verified.</param>
/// <param name="Evidence">Message received: what proves it to others; null when unsigned or not kept.</param>
/// <param name="Stream">Which stream.</param>
/// <param name="Link">Which link.</param>
internal readonly record struct SessionEvent(
    SessionEventKind Kind,
    long Token = 0,
    ulong Number = 0,
    byte Priority = 0,
    string? Protocol = null,
    PayloadLease Payload = default,
    int Code = 0,
    string? Reason = null,
    bool ByRemote = false,
    bool IsSigned = false,
    BatchEvidence? Evidence = null,
    SessionStream? Stream = null,
    SessionLink? Link = null);
