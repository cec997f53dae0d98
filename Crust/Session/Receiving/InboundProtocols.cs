using System.Text;
using Crust.Session.Frames;

namespace Crust.Session.Receiving;

/// <summary>The names that the remote interned on the present link. Ids count from 1 without a gap, and no name has two.</summary>
internal sealed class InboundProtocols
{
    private readonly List<InboundProtocol> _protocols = [];
    private readonly HashSet<string> _known = [];

    /// <summary>Takes a definition; false when the id is not the next one or the name is known already.</summary>
    internal bool TryAdd(in ProtocolFrame frame)
    {
        if (frame.Id != (ulong)_protocols.Count + 1)
            return false;
        var name = Encoding.ASCII.GetString(frame.Name);
        if (!_known.Add(name))
            return false;
        _protocols.Add(new InboundProtocol(name, frame.Name.ToArray()));
        return true;
    }

    /// <summary>What an id stands for; null when it was never defined on this link.</summary>
    internal InboundProtocol? Find(ulong id) => id > 0 && id <= (ulong)_protocols.Count ? _protocols[(int)id - 1] : null;

    internal void Forget()
    {
        _protocols.Clear();
        _known.Clear();
    }
}
