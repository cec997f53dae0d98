using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// Port mappings of an internet gateway device: WANIPConnection:2, WANIPConnection:1 and WANPPPConnection:1. A conflict is met with another port, a router that
/// knows only permanent leases with lease 0. A check looks at the entry, and at the external address. Pure; one thread at a time.
/// </summary>
/// <param name="router">The router.</param>
/// <param name="local">Our address towards it: where mappings lead.</param>
/// <param name="random">Chooses other ports when there are conflicts.</param>
internal sealed class IgdClient(IPAddress router, IPAddress local, DeterministicRandom random) : IgdConversation(router, IgdService.Connections)
{
    /// <summary>Ports tried before a conflict is told. Ours: a router on which five random ones are taken is full.</summary>
    internal const int MaxPortTries = 5;

    /// <summary>What router's owners read in their list. Ours.</summary>
    internal const string Description = "crust";

    private const string GetAddress = "GetExternalIPAddress", Add = "AddPortMapping", AddAny = "AddAnyPortMapping", GetEntry = "GetSpecificPortMappingEntry",
        Remove = "DeletePortMapping";

    private IgdService? _service;
    private IPAddress? _address;
    private int _candidate, _tries;
    private ushort _port;
    private uint _lease;
    private bool _onlyPermanent, _neverAny, _isLook;

    protected override void HandleFound(MappingOrder order, Instant now)
    {
        _candidate = 0;
        _service = null;
        _address = null;
        Call(Services[0], GetAddress, now);
    }

    protected override void BeginOrder(MappingOrder order, Instant now)
    {
        if (_service is not { } service)
        {
            Answer(NoAnswer(order), now);
            return;
        }

        _tries = 0;
        _isLook = false;
        _lease = _onlyPermanent ? 0 : order.LifetimeSeconds;
        _port = order.ExternalPort == 0 ? order.Port.InternalPort : order.ExternalPort;
        if (order.Kind == MappingOrderKind.Map)
            CallAdd(order, now);
        else
            Call(service, order.Kind == MappingOrderKind.Check ? GetEntry : Remove, now, [("NewRemoteHost", ""), ("NewExternalPort", Text(_port)), ("NewProtocol", ProtocolOf(order))]);
    }

    protected override void HandleAnswer(MappingOrder order, string action, SoapAnswer answer, Instant now)
    {
        switch (action)
        {
            case GetAddress when order.Kind == MappingOrderKind.Probe:
                HandleCandidate(order, answer, now);
                break;
            case GetAddress:
                if (answer.Error is null && TryReadAddress(answer, out var address))
                    _address = address;
                Answer(Mapped(order), now);
                break;
            case Add or AddAny:
                HandleAdded(order, action, answer, now);
                break;
            case GetEntry:
                HandleEntry(order, answer, now);
                break;
            default:
                Answer(new MappingAnswer(order, MappingAnswerKind.Deleted), now);
                break;
        }
    }

    /// <summary>A router may describe connections that are not in use: the first with a public address is ours, else the first with any.</summary>
    private void HandleCandidate(MappingOrder order, SoapAnswer answer, Instant now)
    {
        var candidate = Services[_candidate];
        if (answer.Error is null && TryReadAddress(answer, out var address) && (_service is null || AddressScopes.Of(address) == AddressScope.Public))
            (_service, _address) = (candidate, address);
        var isPublic = _address is not null && AddressScopes.Of(_address) == AddressScope.Public;
        if (!isPublic && ++_candidate < Services.Count)
            Call(Services[_candidate], GetAddress, now);
        else if (_address is { } found)
            Answer(new MappingAnswer(order, MappingAnswerKind.Found) { External = new IPEndPoint(found, 0) }, now);
        else
            Answer(new MappingAnswer(order, MappingAnswerKind.Absent) { Failure = MappingFailure.NetworkFailure, Detail = "the router tells no external address" }, now);
    }

    private void HandleAdded(MappingOrder order, string action, SoapAnswer answer, Instant now)
    {
        if (answer.Error is not { } error)
        {
            if (action == AddAny && answer.Port("NewReservedPort") is > 0 and var reserved)
                _port = reserved;
            Answer(Mapped(order), now);
            return;
        }

        switch (error)
        {
            case IgdError.InvalidAction or IgdError.OptionalActionNotImplemented when action == AddAny:
                _neverAny = true;
                CallAdd(order, now);
                break;
            case IgdError.OnlyPermanentLeases when _lease != 0:
                _onlyPermanent = true;
                _lease = 0;
                CallAdd(order, now);
                break;
            // Older routers say it in other words.
            case IgdError.InvalidArgs or IgdError.ActionFailed when _lease != 0:
                _lease = 0;
                CallAdd(order, now);
                break;
            case IgdError.SamePortValuesRequired when _port != order.Port.InternalPort:
                _port = order.Port.InternalPort;
                CallAdd(order, now);
                break;
            case IgdError.ConflictInMappingEntry or IgdError.ConflictWithOtherMechanisms when ++_tries < MaxPortTries:
                _port = (ushort)(1024 + random.Next(ushort.MaxValue - 1024));
                CallAdd(order, now);
                break;
            default:
                Answer(Refused(order, answer), now);
                break;
        }
    }

    private void HandleEntry(MappingOrder order, SoapAnswer answer, Instant now)
    {
        if (answer.Error is IgdError.NoSuchEntry or IgdError.ArrayIndexInvalid
            || (answer.Error is null && !(IPAddress.TryParse(answer.Text("NewInternalClient"), out var client) && client.Equals(local)
                && answer.Port("NewInternalPort") == order.Port.InternalPort && answer.Text("NewEnabled") is not ("0" or "false" or "False"))))
        {
            Answer(new MappingAnswer(order, MappingAnswerKind.Gone), now);
        }
        else if (answer.Error is not null)
        {
            // It does not let us look: asking for it again tells as much.
            CallAdd(order, now);
        }
        else
        {
            _isLook = true;
            _lease = answer.Number("NewLeaseDuration") ?? 0;
            Call(_service!, GetAddress, now);
        }
    }

    private void CallAdd(MappingOrder order, Instant now)
    {
        // Any port will do as long as we have none.
        var any = _service!.AddsAny && !_neverAny && order.ExternalPort == 0;
        Call(
            _service, any ? AddAny : Add, now,
            [
                ("NewRemoteHost", ""), ("NewExternalPort", Text(_port)), ("NewProtocol", ProtocolOf(order)), ("NewInternalPort", Text(order.Port.InternalPort)),
                ("NewInternalClient", local.ToString()), ("NewEnabled", "1"), ("NewPortMappingDescription", Description), ("NewLeaseDuration", Text(_lease)),
            ]);
    }

    private MappingAnswer Mapped(MappingOrder order) => new(order, MappingAnswerKind.Mapped)
    {
        External = new IPEndPoint(_address!, _port),
        Lifetime = _lease == 0 ? null : TimeSpan.FromSeconds(_lease),
        IsLook = _isLook,
    };

    private static bool TryReadAddress(SoapAnswer answer, out IPAddress address) =>
        IPAddress.TryParse(answer.Text("NewExternalIPAddress"), out address!) && address.AddressFamily == AddressFamily.InterNetwork;

    private static string ProtocolOf(MappingOrder order) => order.Port.Protocol == MappedProtocol.Tcp ? "TCP" : "UDP";

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
