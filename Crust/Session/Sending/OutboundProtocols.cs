using System.Text;
using Crust.Session.Frames;

namespace Crust.Session.Sending;

/// <summary>
/// The protocol names that we send, and their ids on the present link. An id is given when a name is first written on a link; the bound on
/// names holds for the whole session, so that every link can intern all of them.
/// </summary>
internal sealed class OutboundProtocols(Func<string, bool> leavesUnsigned)
{
    private readonly Dictionary<string, OutboundProtocol> _protocols = [];
    private (string Name, OutboundProtocol Protocol)? _latest;
    private ulong _lastId;

    /// <summary>The id that the next name gets.</summary>
    internal ulong NextId => _lastId + 1;

    /// <summary>Finds or adds a name; null when it is no valid name, or one too many.</summary>
    internal OutboundProtocol? Find(string name)
    {
        // Most callers use one string, time and again.
        if (_latest is { } latest && ReferenceEquals(latest.Name, name))
            return latest.Protocol;
        if (_protocols.TryGetValue(name, out var protocol))
        {
            _latest = (name, protocol);
            return protocol;
        }

        if (name.Length > WireLimits.MaxProtocolNameLength || _protocols.Count == WireLimits.MaxProtocols)
            return null;
        var bytes = Encoding.UTF8.GetBytes(name);
        if (!ProtocolFrame.IsValidName(bytes))
            return null;
        protocol = new OutboundProtocol(bytes, leavesUnsigned(name));
        _protocols.Add(name, protocol);
        return protocol;
    }

    /// <summary>Gives the protocol its id on this link; a <see cref="ProtocolFrame"/> must carry it before any message does.</summary>
    internal void Intern(OutboundProtocol protocol) => protocol.Id = ++_lastId;

    /// <summary>A new link knows no ids.</summary>
    internal void Forget()
    {
        _lastId = 0;
        foreach (var protocol in _protocols.Values)
            protocol.Id = 0;
    }
}
