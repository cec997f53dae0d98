using System.Text;

namespace Crust.Session;

/// <summary>The names that the remote interned on the present link. Ids count from 1 without a gap, and no name has two.</summary>
internal sealed class InboundProtocols
{
    private readonly List<string> _names = [];
    private readonly HashSet<string> _known = [];

    /// <summary>Takes a definition; false when the id is not the next one or the name is known already.</summary>
    internal bool TryAdd(in ProtocolFrame frame)
    {
        if (frame.Id != (ulong)_names.Count + 1)
            return false;
        var name = Encoding.ASCII.GetString(frame.Name);
        if (!_known.Add(name))
            return false;
        _names.Add(name);
        return true;
    }

    /// <summary>The name of an id; null when it was never defined on this link.</summary>
    internal string? Find(ulong id) => id > 0 && id <= (ulong)_names.Count ? _names[(int)id - 1] : null;

    internal void Forget()
    {
        _names.Clear();
        _known.Clear();
    }
}
