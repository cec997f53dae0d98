using Crust.Identity;

namespace Crust.Tests.Simulation;

/// <summary>Somebody on the path who keeps what diallers wrote at the beginning of their links, to play it to the same node again.</summary>
internal sealed class Recorder
{
    private const int MaxRecordings = 12;
    private const int MaxUnits = 6;

    private readonly List<(int Link, PeerId Responder, List<byte[]> Units)> _recordings = [];

    internal int Count => _recordings.Count;

    internal void Record(SimulatedLink link, PeerId responder, byte[] unit)
    {
        var index = _recordings.FindLastIndex(r => r.Link == link.Number);
        if (index >= 0 && _recordings[index].Units.Count < MaxUnits)
            _recordings[index].Units.Add(unit);
        if (index >= 0 || unit[0] != 1)
            return;
        if (_recordings.Count == MaxRecordings)
            _recordings.RemoveAt(1);
        _recordings.Add((link.Number, responder, [unit]));
    }

    internal (PeerId Responder, IReadOnlyList<byte[]> Units) At(int index) => (_recordings[index].Responder, _recordings[index].Units);
}
