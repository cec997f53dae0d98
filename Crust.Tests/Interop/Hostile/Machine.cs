using Crust.Identity;
using Crust.Primitives;
using Crust.Session;
using Crust.Session.Links;

namespace Crust.Tests.Interop.Hostile;

/// <summary>Gives a <see cref="RawPeer"/> a session of its own that sends by the rules and never reads.</summary>
internal sealed class Machine
{
    /// <summary>Most messages that the first credit admits: all of them empty.</summary>
    internal const int MostMessages = (int)WireLimits.InitialWindow / WireLimits.EntryOverhead;

    private readonly RawPeer _peer;
    private readonly SessionMachine _machine;
    private readonly SessionLink _link;

    internal Machine(RawPeer peer, PeerId remote)
    {
        _peer = peer;
        var result = peer.Result!;
        _machine = new SessionMachine(
            new SessionParameters(
                peer.Identity, remote, NetworkId.FromName(NetworkId.DefaultName), result.SessionId.ToByteArray(), result.SaltSecret,
                result.SendSigned, result.ReceiveSigned, SessionLimits.Default),
            default);
        _link = _machine.AddLink(LinkRank.Direct, result.PromisedGeneration, default);
    }

    /// <summary>Sends messages until the receiver's credit is spent; returns how many were written.</summary>
    internal async Task<long> SendUntilBlockedAsync(string protocol, Func<int, byte[]> payload, int most = 50_000)
    {
        for (var i = 0; i < most; i++)
            _machine.TrySend(protocol, 0, payload(i), [], 0, default);
        var buffer = new byte[16 * 1024];
        while (_machine.PollRecord(_link, buffer, new Instant(0), (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()) is > 0 and var length)
            await _peer.SendAsync(buffer[..length]);
        return _machine.Statistics.MessagesSent;
    }
}
