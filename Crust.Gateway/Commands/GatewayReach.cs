using System.Net;
using System.Net.Sockets;
using Crust.Identity;
using Crust.Nat.Stun;
using Crust.Nat.Stun.Driver;
using Crust.Primitives;

namespace Crust.Gateway.Commands;

/// <summary>Whether anything comes back from a gateway's address: what <c>crust doctor</c> tries where no gateway took the node.</summary>
/// <param name="Address">The address.</param>
/// <param name="Token">What happened: <c>answered</c>, <c>open</c> (TCP connected, no STUN answer), <c>refused</c>, <c>silence</c> or <c>no-route</c>.</param>
internal sealed record GatewayReach(PeerAddress Address, string Token)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);

    internal string Protocol => Address.Transport == TransportKind.Tcp ? "tcp" : "udp";

    internal bool GetsThrough => Token is "answered" or "open" or "refused";

    internal string Words => Token switch
    {
        "answered" => "a gateway answers",
        "open" => "somebody listens, but not a gateway that answers STUN",
        "refused" => "the host says that nobody listens there",
        "no-route" => "this host has no way there",
        _ => "nothing comes back",
    };

    /// <summary>Tries one address.</summary>
    internal static async Task<GatewayReach> TryAsync(PeerAddress address, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        try
        {
            return new GatewayReach(address, address.Transport == TransportKind.Tcp
                ? await TryTcpAsync(address.EndPoint, timeProvider, cancellationToken) : await TryUdpAsync(address.EndPoint, timeProvider, cancellationToken));
        }
        catch (SocketException e)
        {
            return new GatewayReach(address, e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "refused",
                SocketError.NetworkUnreachable or SocketError.HostUnreachable or SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported => "no-route",
                _ => "silence",
            });
        }
    }

    /// <summary>Which protocol is blocked, of those that were tried.</summary>
    internal static string Conclude(IReadOnlyList<GatewayReach> reached)
    {
        var silent = reached.GroupBy(r => r.Protocol).Where(g => g.All(r => !r.GetsThrough)).Select(g => g.Key.ToUpperInvariant()).Order().ToArray();
        var heard = reached.Where(r => r.GetsThrough).Select(r => r.Protocol.ToUpperInvariant()).Distinct().Order().ToArray();
        // Bootstrap addresses are numbers: a name service that is away would not be noticed, and is not needed.
        return (silent, heard) switch
        {
            ([], _) when reached.All(r => r.Token == "refused") => "The gateway's host answers, but no gateway runs there.",
            ([], _) => $"{string.Join(" and ", heard)} gets through, so no firewall is to blame; the gateway did not take this node.",
            (_, []) => $"Nothing comes back by {string.Join(" or ", silent)}: a firewall blocks it, the network is down, or no gateway runs there. Names are not needed for it: DNS is not to blame.",
            _ => $"{string.Join(" and ", silent)} is blocked, {string.Join(" and ", heard)} gets through.",
        };
    }

    private static async Task<string> TryUdpAsync(IPEndPoint remote, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var socket = StunSocket.Bind(new IPEndPoint(remote.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
        var answer = await StunRequest.AskAsync(
            socket.Dispatcher, TransportAddress.From(remote), null, StunChange.None, StunTimers.Quick, timeProvider, cancellationToken);
        return answer is null ? "silence" : "answered";
    }

    private static async Task<string> TryTcpAsync(IPEndPoint remote, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(Timeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var socket = new Socket(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var connected = false;
        try
        {
            await socket.ConnectAsync(remote, either.Token);
            connected = true;
            await socket.SendAsync(StunRequest.Write(StunDispatcher.NewTransaction(), StunChange.None), either.Token);
            var buffer = new byte[StunHeader.MaxMessageLength];
            var received = await socket.ReceiveAsync(buffer, either.Token);
            return StunMessage.TryParse(buffer.AsSpan(0, received), out _) ? "answered" : "open";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return connected ? "open" : "silence";
        }
        catch (SocketException) when (connected)
        {
            return "open";
        }
    }
}
