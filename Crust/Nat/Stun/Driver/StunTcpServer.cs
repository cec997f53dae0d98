using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Tcp;
using Microsoft.AspNetCore.Connections;

namespace Crust.Nat.Stun.Driver;

/// <summary>
/// STUN over TCP (RFC 8489 §6.2.2) on links that somebody accepted. Ours, beyond RFC 5780, which has it for UDP alone: CHANGE-REQUEST asks the server to
/// dial the address that it sees, from its other address or port; the answer tells whether somebody answered there: a success, or error 447. That is no
/// port scanner: who asks has shown by its TCP handshake that it is there, and nothing but the very port that it comes from is dialled.
/// </summary>
internal sealed class StunTcpServer(StunResponder responder, Lock gate, MonotonicClock clock)
{
    /// <summary>Requests on one connection. Ours: nobody has use for more.</summary>
    internal const int MaxRequests = 4;

    /// <summary>Dials back at a time. Ours.</summary>
    internal const int MaxDials = 64;

    /// <summary>CONNECTION TIMEOUT OR FAILURE (RFC 6062 §6.3).</summary>
    internal const int ConnectionFailed = 447;

    /// <summary>How long somebody may take to send a request.</summary>
    internal static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a dial may take. Within the time that a client waits.</summary>
    internal static readonly TimeSpan DialTimeout = TimeSpan.FromSeconds(1);

    private int _dials;

    /// <summary>
    /// Looks at what a link begins with: STUN is served, and the link ends. False for anything else, which stays in the link for whoever
    /// reads next: no record of Crust begins with a zero.
    /// </summary>
    /// <param name="link">Just accepted.</param>
    /// <param name="place">Where.</param>
    /// <param name="alternate">The server's other address.</param>
    /// <param name="cancellationToken">The server stops.</param>
    internal async ValueTask<bool> TryServeAsync(ConnectionContext link, StunPlace place, IPAddress? alternate, CancellationToken cancellationToken)
    {
        var isStun = false;
        using var timeout = new CancellationTokenSource(RequestTimeout, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            var input = link.Transport.Input;
            var first = await input.ReadAsync(either.Token).ConfigureAwait(false);
            isStun = first.Buffer.IsEmpty || first.Buffer.FirstSpan[0] == 0;
            input.AdvanceTo(first.Buffer.Start, first.Buffer.Start);
            if (!isStun)
                return false;
            for (var served = 0; served < MaxRequests; served++)
            {
                if (await ReadAsync(link, either.Token).ConfigureAwait(false) is not { } request
                    || await AnswerAsync(request, link, place, alternate, either.Token).ConfigureAwait(false) is not { } answer)
                    break;
                await link.Transport.Output.WriteAsync(answer, either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // Gone, or too slow.
            isStun = true;
        }
        finally
        {
            if (isStun)
                await link.DisposeAsync().ConfigureAwait(false);
        }

        return isStun;
    }

    /// <summary>The next whole message; null at the end, or when it is none.</summary>
    private static async ValueTask<byte[]?> ReadAsync(ConnectionContext link, CancellationToken cancellationToken)
    {
        var input = link.Transport.Input;
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.Length >= StunHeader.Length)
            {
                if (!StunHeader.TryGetMessageLength(buffer.Slice(0, StunHeader.Length).ToArray(), out var length))
                    return null;
                if (buffer.Length >= length)
                {
                    var message = buffer.Slice(0, length).ToArray();
                    input.AdvanceTo(buffer.GetPosition(length));
                    return message;
                }
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted || result.IsCanceled)
                return null;
        }
    }

    private async ValueTask<byte[]?> AnswerAsync(byte[] request, ConnectionContext link, StunPlace place, IPAddress? alternate, CancellationToken cancellationToken)
    {
        if (link.RemoteEndPoint is not IPEndPoint remote || Answer(request, remote, place, out var from) is not { } answer)
            return null;
        if (from == place)
            return answer;
        var local = ((StunPlace)((int)from ^ (int)place)).HasFlag(StunPlace.OtherAddress) ? alternate : (link.LocalEndPoint as IPEndPoint)?.Address;
        return local is not null && await CanDialAsync(Unmapped(local), new IPEndPoint(Unmapped(remote.Address), remote.Port), cancellationToken).ConfigureAwait(false)
            ? answer : Failure(request);
    }

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private byte[]? Answer(byte[] request, IPEndPoint remote, StunPlace place, out StunPlace from)
    {
        from = place;
        if (!StunMessage.TryParse(request, out var parsed))
            return null;
        Span<byte> buffer = stackalloc byte[StunResponder.MaxAnswerLength];
        StunAnswer answer;
        lock (gate)
        {
            if (!responder.TryAnswer(parsed, TransportAddress.From(remote), place, clock.Now, buffer, out answer))
                return null;
        }

        from = answer.Place;
        return buffer[..answer.Length].ToArray();
    }

    private static byte[] Failure(byte[] request)
    {
        Span<byte> buffer = stackalloc byte[StunResponder.MaxAnswerLength];
        var writer = new StunWriter(buffer, StunClass.ErrorResponse, StunHeader.TransactionOf(request));
        writer.AddErrorCode(ConnectionFailed, "Connection Timeout or Failure");
        return buffer[..writer.Length].ToArray();
    }

    private async ValueTask<bool> CanDialAsync(IPAddress local, IPEndPoint remote, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _dials) > MaxDials)
        {
            Interlocked.Decrement(ref _dials);
            return false;
        }

        using var timeout = new CancellationTokenSource(DialTimeout, clock.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(local, 0));
            return await TcpDial.ConnectAsync(socket, remote, either.Token).ConfigureAwait(false) == SocketError.Success;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Interlocked.Decrement(ref _dials);
        }
    }
}
