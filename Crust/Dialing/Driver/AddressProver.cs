using System.Net;
using System.Net.Sockets;
using Crust.Cryptography;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Admission;
using Crust.Session.Driver;
using Crust.Session.Handshakes;
using Crust.Tcp;
using Crust.Transport;
using Crust.Udp;
using Crust.Utp.Driver;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>
/// Dials an address to find out whether a certain peer is there: a handshake up to message 2, which the peer alone can write, and no further, so that neither side has a session of it.
/// Each dial leaves from a port of its own, to which the peer cannot have sent anything before. Thread safe.
/// </summary>
/// <param name="handshaker">Does the handshakes.</param>
/// <param name="terms">What is said in them.</param>
/// <param name="listens">The address that this node listens on: dials leave from it, unless it stands for all there are, so that a host with several addresses dials from the one it is known by.</param>
/// <param name="clock">The node's clock.</param>
/// <param name="logger">Where the operator reads.</param>
internal sealed class AddressProver(LinkHandshaker handshaker, HandshakeTerms terms, IPAddress listens, MonotonicClock clock, ILogger logger)
{
    private readonly IPAddress? _from = listens.Equals(IPAddress.Any) || listens.Equals(IPAddress.IPv6Any) ? null : listens;

    /// <summary>What came of it; never throws but when cancelled.</summary>
    /// <param name="address">Where, and who must be there.</param>
    /// <param name="patience">Longest time for all of it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    internal async Task<ProofOutcome> ProveAsync(PeerAddress address, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(patience, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        if (address.Transport == TransportKind.Tcp)
            return await ProveAsync(new TcpTransport { DialsFrom = _from }, address, either.Token, cancellationToken).ConfigureAwait(false);
        var options = new UtpTransportOptions { ShutdownTimeout = TimeSpan.FromMilliseconds(100), CloseTimeout = TimeSpan.FromMilliseconds(100), BindSocket = Bind };
        var transport = new UtpTransport(clock, logger, options);
        await using (transport.ConfigureAwait(false))
            return await ProveAsync(transport, address, either.Token, cancellationToken).ConfigureAwait(false);
    }

    private IDatagramSocket Bind(IPEndPoint any, DatagramSocketOptions options) =>
        DatagramSockets.Bind(_from is not null && _from.AddressFamily == any.AddressFamily ? new IPEndPoint(_from, any.Port) : any, options);

    private async Task<ProofOutcome> ProveAsync(ITransport transport, PeerAddress address, CancellationToken either, CancellationToken cancellationToken)
    {
        ConnectionContext link;
        try
        {
            link = await transport.ConnectAsync(address.EndPoint, either).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset ? ProofOutcome.Refused : ProofOutcome.NoAnswer;
        }
        catch (IOException)
        {
            return ProofOutcome.Refused;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProofOutcome.NoAnswer;
        }

        try
        {
            // A nonce of no session: the peer must not take this for a link of one.
            var nonces = new SessionNonces(SessionNonce.FromBytes(SecureRandom.Bytes(SessionNonce.Length)), null);
            return await handshaker.ProveAsync(link, address.Peer, terms.Offer(nonces), either).ConfigureAwait(false) ? ProofOutcome.Reached : ProofOutcome.NotThePeer;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ProofOutcome.NotThePeer;
        }
    }
}
