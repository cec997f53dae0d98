using System.Net.Sockets;
using Crust.Diagnostics;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>
/// Races the addresses of one peer as <see cref="DialPlan"/> orders them. The first link that opens handshakes; only if that fails does the
/// next one, so that a peer sees one handshake where one is enough. Thread safe.
/// </summary>
internal sealed class Dialer(ITransport transport, LinkAdopter adopter, AdmissionGate gate, TimeProvider timeProvider, ILogger logger)
{
    /// <summary>Longest wait for one address. Ours: three SYN retransmissions (1 + 2 + 4 s) and some.</summary>
    internal static readonly TimeSpan AddressTimeout = TimeSpan.FromSeconds(10);

    private const string NotAllowed = "the access list does not allow it";

    /// <summary>Tries the addresses, in their order, until one carries a session with the peer.</summary>
    internal async Task<DialResult> DialAsync(PeerId remote, IReadOnlyList<PeerAddress> addresses, CancellationToken cancellationToken)
    {
        if (!gate.Allows(remote))
            return new DialResult(null, false, [.. addresses.Select(a => (a, NotAllowed))]);
        using var decided = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var failures = new List<(PeerAddress, string)>();
        var opening = new List<Task<Attempt>>();
        var next = 0;
        var reached = false;
        SessionDriver? session = null;
        try
        {
            while (session is null && (opening.Count > 0 || next < addresses.Count))
            {
                if (next < addresses.Count)
                    opening.Add(OpenAsync(addresses[next++], decided.Token));
                var done = await FirstOfAsync(opening, next < addresses.Count, decided.Token).ConfigureAwait(false);
                if (done is null)
                    continue;
                opening.Remove(done);
                var attempt = await done.ConfigureAwait(false);
                var reason = attempt.Failure;
                if (attempt.Link is not null)
                {
                    reached = true;
                    session = await adopter.InitiateAsync(attempt.Link, remote, ConnectionPath.DirectTcp, decided.Token).ConfigureAwait(false);
                    reason = session is null ? "the handshake failed" : null;
                }

                if (reason is not null)
                {
                    Log.DialFailed(logger, attempt.Address.ToString(), reason);
                    failures.Add((attempt.Address, reason));
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
            return new DialResult(session, reached, failures);
        }
        finally
        {
            await decided.CancelAsync().ConfigureAwait(false);
            foreach (var loser in await Task.WhenAll(opening).ConfigureAwait(false))
            {
                if (loser.Link is not null)
                    await loser.Link.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The first attempt that ends; null when it is time to start another one.</summary>
    private async Task<Task<Attempt>?> FirstOfAsync(List<Task<Attempt>> opening, bool moreWait, CancellationToken cancellationToken)
    {
        var first = Task.WhenAny(opening);
        if (!moreWait)
            return await first.ConfigureAwait(false);
        try
        {
            return await first.WaitAsync(DialPlan.AttemptDelay, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private async Task<Attempt> OpenAsync(PeerAddress address, CancellationToken cancellationToken)
    {
        if (!gate.Allows(address.EndPoint.Address))
            return new Attempt(address, null, NotAllowed);
        using var timeout = new CancellationTokenSource(AddressTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return new Attempt(address, await transport.ConnectAsync(address.EndPoint, either.Token).ConfigureAwait(false), null);
        }
        catch (SocketException e)
        {
            return new Attempt(address, null, e.SocketErrorCode == SocketError.ConnectionRefused ? "connection refused" : e.Message);
        }
        catch (OperationCanceledException)
        {
            return new Attempt(address, null, timeout.IsCancellationRequested ? "no answer" : "cancelled");
        }
    }

    private sealed record Attempt(PeerAddress Address, ConnectionContext? Link, string? Failure);
}
