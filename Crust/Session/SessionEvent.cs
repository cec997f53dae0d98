namespace Crust.Session;

/// <summary>Something that a <see cref="SessionMachine"/> tells its driver. Members that a kind does not name are default.</summary>
/// <param name="Kind">Which event it is.</param>
/// <param name="Token">The caller's token: acknowledged, refused, outcome unknown, not sent.</param>
/// <param name="Number">The message's number in the remote's direction, for <see cref="SessionMachine.Refuse"/>: message received.</param>
/// <param name="Priority">0 (highest) to 3: message received.</param>
/// <param name="Protocol">The protocol's name: message received.</param>
/// <param name="Payload">The payload, the receiver's from now on; its length goes to <see cref="SessionMachine.Consumed"/>: message received.</param>
/// <param name="Code">A <see cref="RefuseCode"/> (refused) or <see cref="GoodbyeCode"/> (closed); values this version does not know are possible.</param>
/// <param name="Reason">Closed: our words or the remote's; the remote's are stripped of anything that could upset a terminal.</param>
/// <param name="ByRemote">Closed: true when the remote said goodbye.</param>
internal readonly record struct SessionEvent(
    SessionEventKind Kind,
    long Token = 0,
    ulong Number = 0,
    byte Priority = 0,
    string? Protocol = null,
    byte[]? Payload = null,
    int Code = 0,
    string? Reason = null,
    bool ByRemote = false);
