using System.Net;
using Crust.Primitives;

namespace Crust.Nat.PortMapping.NatPmp;

/// <summary>
/// NAT-PMP with one router, RFC 6886. A mapping takes two requests, the external address and the port, so that each answer tells both as they are now. A check
/// is the same request again: the protocol has no other. Pure; one thread at a time.
/// </summary>
internal sealed class NatPmpClient(IPEndPoint server) : DatagramMappingClient(MappingMethod.NatPmp, server)
{
    private readonly RouterEpoch _epoch = new();
    private IPAddress? _address;

    protected override void Begin(MappingOrder order, Instant now)
    {
        _address = null;
        base.Begin(order, now);
    }

    protected override int Write(MappingOrder order, Span<byte> buffer) => order.Kind switch
    {
        MappingOrderKind.Delete => NatPmpMessage.WriteMapRequest(buffer, order.Port, 0, 0),
        _ when _address is null => NatPmpMessage.WriteAddressRequest(buffer),
        _ => NatPmpMessage.WriteMapRequest(buffer, order.Port, order.ExternalPort, order.LifetimeSeconds),
    };

    protected override bool TryRead(MappingOrder order, ReadOnlySpan<byte> datagram, Instant now, out MappingAnswer? answer)
    {
        answer = null;
        if (order.Kind != MappingOrderKind.Delete && _address is null)
            return TryReadAddress(order, datagram, now, out answer);
        if (!NatPmpMessage.TryReadMapResponse(datagram, order.Port, out var result, out var epoch, out var externalPort, out var lifetime))
            return false;
        HandleEpoch(epoch, now);
        if (order.Kind == MappingOrderKind.Delete)
            answer = new MappingAnswer(order, MappingAnswerKind.Deleted);
        else if (result != NatPmpResult.Success)
            answer = Refused(order, result);
        else if (externalPort == 0 || lifetime == 0)
            answer = new MappingAnswer(order, MappingAnswerKind.Refused) { Failure = MappingFailure.Malformed, Detail = "a mapping of no port, or for no time" };
        else
            answer = new MappingAnswer(order, MappingAnswerKind.Mapped) { External = new IPEndPoint(_address!, externalPort), Lifetime = TimeSpan.FromSeconds(lifetime) };
        return true;
    }

    private bool TryReadAddress(MappingOrder order, ReadOnlySpan<byte> datagram, Instant now, out MappingAnswer? answer)
    {
        answer = null;
        if (!NatPmpMessage.TryReadAddressResponse(datagram, out var result, out var epoch, out var address))
            return false;
        HandleEpoch(epoch, now);
        _address = address;
        if (address is null)
            answer = Refused(order, result);
        else if (order.Kind == MappingOrderKind.Probe)
            answer = new MappingAnswer(order, MappingAnswerKind.Found) { External = new IPEndPoint(address, 0) };
        return true;
    }

    private void HandleEpoch(uint epoch, Instant now)
    {
        if (_epoch.HandleNatPmp(epoch, now))
            TellRestart();
    }

    private static MappingAnswer Refused(MappingOrder order, NatPmpResult result) =>
        new(order, order.Kind == MappingOrderKind.Probe ? MappingAnswerKind.Absent : MappingAnswerKind.Refused)
        {
            Failure = result switch
            {
                NatPmpResult.NotAuthorized => MappingFailure.NotAuthorized,
                NatPmpResult.NetworkFailure => MappingFailure.NetworkFailure,
                NatPmpResult.OutOfResources => MappingFailure.OutOfResources,
                NatPmpResult.UnsupportedVersion or NatPmpResult.UnsupportedOpcode => MappingFailure.Unsupported,
                _ => MappingFailure.Refused,
            },
            Detail = $"NAT-PMP result {(ushort)result}",
        };
}
