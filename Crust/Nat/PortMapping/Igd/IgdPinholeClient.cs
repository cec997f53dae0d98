using System.Globalization;
using System.Net;
using Crust.Primitives;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>
/// Pinholes in the IPv6 firewall of an internet gateway device: WANIPv6FirewallControl:1. Nothing is translated: what is reached from outside is our own address
/// and port. A check renews, since looking needs rights that few routers give. Pure; one thread at a time.
/// </summary>
/// <param name="router">The router.</param>
/// <param name="local">Our address, which the exchange must come from: routers open pinholes only to whoever asks.</param>
internal sealed class IgdPinholeClient(IPAddress router, IPAddress local) : IgdConversation(router, [IgdService.Firewall])
{
    /// <summary>WANIPv6FirewallControl:1 §2.3.14: a lease has a day at most, and at least a second.</summary>
    private const uint MaxLease = 86_400;

    private const string GetStatus = "GetFirewallStatus", Add = "AddPinhole", Update = "UpdatePinhole", Remove = "DeletePinhole";

    private readonly Dictionary<PortRequest, string> _pinholes = [];

    protected override void HandleFound(MappingOrder order, Instant now) => Call(Services[0], GetStatus, now);

    protected override void BeginOrder(MappingOrder order, Instant now)
    {
        if (!_pinholes.TryGetValue(order.Port, out var id))
        {
            if (order.Kind == MappingOrderKind.Delete)
                Answer(new MappingAnswer(order, MappingAnswerKind.Deleted), now);
            else if (order.Kind == MappingOrderKind.Check)
                Answer(new MappingAnswer(order, MappingAnswerKind.Gone), now);
            else
                CallAdd(order, now);
            return;
        }

        if (order.Kind == MappingOrderKind.Delete)
            Call(Services[0], Remove, now, [("UniqueID", id)]);
        else
            Call(Services[0], Update, now, [("UniqueID", id), ("NewLeaseTime", Lease(order))]);
    }

    protected override void HandleAnswer(MappingOrder order, string action, SoapAnswer answer, Instant now)
    {
        switch (action)
        {
            case GetStatus when answer.Error is null && (answer.Text("FirewallEnabled") is "0" || answer.Text("InboundPinholeAllowed") is "0"):
                Answer(
                    new MappingAnswer(order, MappingAnswerKind.Absent)
                    {
                        Failure = MappingFailure.NotAuthorized, Detail = answer.Text("FirewallEnabled") is "0" ? "the router has no IPv6 firewall in use" : "the router allows no pinholes",
                    },
                    now);
                break;
            case GetStatus:
                Answer(new MappingAnswer(order, MappingAnswerKind.Found), now);
                break;
            case Remove:
                _pinholes.Remove(order.Port);
                Answer(new MappingAnswer(order, MappingAnswerKind.Deleted), now);
                break;
            case Update when answer.Error is not null && order.Kind == MappingOrderKind.Check:
                _pinholes.Remove(order.Port);
                Answer(new MappingAnswer(order, MappingAnswerKind.Gone), now);
                break;
            case Update when answer.Error is not null:
                _pinholes.Remove(order.Port);
                CallAdd(order, now);
                break;
            case Add when answer.Error is not null || answer.Number("UniqueID") is null:
                Answer(Refused(order, answer), now);
                break;
            default:
                if (action == Add)
                    _pinholes[order.Port] = answer.Number("UniqueID")!.Value.ToString(CultureInfo.InvariantCulture);
                Answer(
                    new MappingAnswer(order, MappingAnswerKind.Mapped)
                    {
                        External = new IPEndPoint(local, order.Port.InternalPort), Lifetime = TimeSpan.FromSeconds(Math.Min(order.LifetimeSeconds, MaxLease)),
                    },
                    now);
                break;
        }
    }

    private void CallAdd(MappingOrder order, Instant now) => Call(
        Services[0], Add, now,
        [
            ("RemoteHost", ""), ("RemotePort", "0"), ("InternalClient", new IPAddress(local.GetAddressBytes()).ToString()),
            ("InternalPort", order.Port.InternalPort.ToString(CultureInfo.InvariantCulture)),
            ("Protocol", ((byte)order.Port.Protocol).ToString(CultureInfo.InvariantCulture)), ("LeaseTime", Lease(order)),
        ]);

    private static string Lease(MappingOrder order) => Math.Clamp(order.LifetimeSeconds, 1, MaxLease).ToString(CultureInfo.InvariantCulture);
}
