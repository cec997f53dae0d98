using System.Net;
using System.Net.Sockets;
using Crust.Primitives;

namespace Crust.Nat.PortMapping.Pcp;

/// <summary>
/// PCP with one router, RFC 6887: MAP for ports behind a NAT (IPv4) and for pinholes in a firewall (IPv6), ANNOUNCE to find out whether it is there. A check is
/// the same MAP again with the same nonce. Pure; one thread at a time.
/// </summary>
/// <param name="server">The router.</param>
/// <param name="client">Our address towards it, which the requests carry.</param>
/// <param name="nonce">For all mappings: drawn anew for each process, so that no other can touch them.</param>
internal sealed class PcpClient(IPEndPoint server, IPAddress client, PcpNonce nonce) : DatagramMappingClient(MappingMethod.Pcp, server)
{
    private readonly RouterEpoch _epoch = new();

    private IPAddress Anywhere => client.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;

    protected override int Write(MappingOrder order, Span<byte> buffer) => order.Kind == MappingOrderKind.Probe
        ? PcpMessage.WriteAnnounceRequest(buffer, client)
        : PcpMessage.WriteMapRequest(
            buffer, client, nonce, order.Port, new IPEndPoint(Anywhere, order.Kind == MappingOrderKind.Delete ? 0 : order.ExternalPort),
            order.Kind == MappingOrderKind.Delete ? 0 : order.LifetimeSeconds);

    protected override bool TryRead(MappingOrder order, ReadOnlySpan<byte> datagram, Instant now, out MappingAnswer? answer)
    {
        answer = null;
        if (!PcpMessage.TryReadHeader(datagram, out var header))
            return false;
        if (header.Result == PcpResult.UnsupportedVersion)
        {
            answer = Refused(order, header);
            return true;
        }

        if (header.Opcode != (order.Kind == MappingOrderKind.Probe ? PcpOpcode.Announce : PcpOpcode.Map))
            return false;
        if (order.Kind == MappingOrderKind.Probe)
        {
            HandleEpoch(header.Epoch, now);
            answer = header.Result is PcpResult.AddressMismatch or PcpResult.NotAuthorized ? Refused(order, header) : new MappingAnswer(order, MappingAnswerKind.Found);
            return true;
        }

        if (!PcpMessage.TryReadMap(datagram, nonce, order.Port, out var external))
            return false;
        HandleEpoch(header.Epoch, now);
        if (order.Kind == MappingOrderKind.Delete)
            answer = new MappingAnswer(order, MappingAnswerKind.Deleted);
        else if (header.Result != PcpResult.Success)
            answer = Refused(order, header);
        else if (external.Port == 0 || header.LifetimeSeconds == 0)
            answer = new MappingAnswer(order, MappingAnswerKind.Refused) { Failure = MappingFailure.Malformed, Detail = "a mapping of no port, or for no time" };
        else
            answer = new MappingAnswer(order, MappingAnswerKind.Mapped) { External = external, Lifetime = TimeSpan.FromSeconds(header.LifetimeSeconds) };
        return true;
    }

    private void HandleEpoch(uint epoch, Instant now)
    {
        if (_epoch.HandlePcp(epoch, now))
            TellRestart();
    }

    private static MappingAnswer Refused(MappingOrder order, PcpHeader header) =>
        new(order, order.Kind == MappingOrderKind.Probe ? MappingAnswerKind.Absent : MappingAnswerKind.Refused)
        {
            Failure = header.Result switch
            {
                PcpResult.NotAuthorized => MappingFailure.NotAuthorized,
                PcpResult.NetworkFailure or PcpResult.CannotProvideExternal => MappingFailure.NetworkFailure,
                PcpResult.NoResources or PcpResult.UserExceededQuota => MappingFailure.OutOfResources,
                PcpResult.AddressMismatch => MappingFailure.AddressMismatch,
                PcpResult.UnsupportedVersion or PcpResult.UnsupportedOpcode or PcpResult.UnsupportedProtocol or PcpResult.UnsupportedOption => MappingFailure.Unsupported,
                _ => MappingFailure.Refused,
            },
            Detail = $"PCP result {(byte)header.Result}",
            RetryAfter = TimeSpan.FromSeconds(header.LifetimeSeconds),
        };
}
