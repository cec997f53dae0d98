using System.Net.Sockets;
using Crust.Identity;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Dialing.Driver;

/// <summary>One candidate of a race at work: opens a link, then lets it handshake when its turn comes. One caller at a time. Owns the link until it handshakes.</summary>
internal sealed class DialAttempt(PeerAddress address, ITransport? transport, LinkAdopter adopter, AdmissionGate gate, CancellationToken cancellationToken) : IAsyncDisposable
{
    internal const string NotAllowed = "the access list does not allow it";

    private readonly CancellationTokenSource _stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private ConnectionContext? _link;

    /// <summary>What it is at; never faults. Done when nothing is.</summary>
    internal Task Work { get; private set; } = Task.CompletedTask;

    /// <summary>Why it failed; null while it has not.</summary>
    internal string? Failure { get; private set; }

    /// <summary>What its handshake gave; null until then.</summary>
    internal SessionDriver? Session { get; private set; }

    /// <summary>Begins to open the link.</summary>
    internal void Open() => Work = OpenAsync();

    /// <summary>Lets the open link handshake.</summary>
    /// <param name="why">Why this link, for <see cref="SessionDriver.PathReason"/>.</param>
    internal void Handshake(string why) => Work = HandshakeAsync(why);

    /// <summary>Gives up; <see cref="Work"/> ends soon.</summary>
    internal void Cancel() => _stopped.Cancel();

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await Work.ConfigureAwait(false);
        // It has carried nothing: there is nothing to close in order, and over µTP nobody at the other end who knows of it.
        _link?.Abort(new ConnectionAbortedException("another address was faster"));
        _stopped.Dispose();
    }

    private async Task OpenAsync()
    {
        // Off the race's own loop: what one transport does before it first waits must not hold up the others.
        await Task.Yield();
        if (transport is null)
            Failure = $"this node has switched {address.Transport.ToName()} off";
        else if (!gate.Allows(address.EndPoint.Address))
            Failure = NotAllowed;
        if (Failure is not null)
            return;
        try
        {
            _link = await transport!.ConnectAsync(address.EndPoint, _stopped.Token).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            Failure = e.SocketErrorCode switch
            {
                SocketError.ConnectionRefused or SocketError.ConnectionReset => "connection refused",
                SocketError.TimedOut => DialReason.NoAnswer,
                _ => e.Message,
            };
        }
        catch (IOException e)
        {
            Failure = e.Message;
        }
        catch (OperationCanceledException)
        {
            Failure = "cancelled";
        }
    }

    private async Task HandshakeAsync(string why)
    {
        var ownedLink = _link!;
        _link = null;
        try
        {
            Session = await adopter.InitiateAsync(ownedLink, address.Peer, address.ToPath(), why, _stopped.Token).ConfigureAwait(false);
            if (Session is null)
                Failure = "the handshake failed";
        }
        catch (OperationCanceledException)
        {
            Failure = "cancelled";
        }
    }
}
