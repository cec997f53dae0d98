using Crust.Session.Admission;

namespace Crust.Session.Driver;

/// <summary>A prefix's place for a session that may come of a handshake. Returned when disposed of, unless a session took it over. One thread at a time.</summary>
internal sealed class SessionPlace(AdmissionGate gate, AddressPrefix? prefix) : IDisposable
{
    private AddressPrefix? _prefix = prefix;

    /// <summary>The session that began has the place until it ends.</summary>
    internal void PassTo(SessionDriver session)
    {
        if (_prefix is { } taken)
            gate.Keep(session, taken);
        _prefix = null;
    }

    public void Dispose()
    {
        if (_prefix is { } taken)
            gate.Return(taken);
        _prefix = null;
    }
}
