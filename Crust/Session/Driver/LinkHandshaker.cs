using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Handshakes;
using Crust.Session.Records;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;

namespace Crust.Session.Driver;

/// <summary>
/// Runs the handshake of one link, in either role. A link that fails is disposed here and answered with nothing: the other side never
/// learns why. Thread safe; it holds no state of a handshake.
/// </summary>
internal sealed class LinkHandshaker(PeerIdentity self, NetworkId network, MonotonicClock clock, SemaphoreSlim handshakeCore)
{
    /// <summary>Longest handshake, from the first byte to the confirming record. Ours, stated in the README.</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Used only while the handshake core is held, which makes it one thread at a time.</summary>
    private readonly AgreementKeyCache _agreementKeys = new();

    private long _computations;

    /// <summary>How often handshake arithmetic ran: twice for each handshake we begin, once for each message 1 that is read.</summary>
    internal long Computations => Volatile.Read(ref _computations);

    /// <summary>
    /// Proves ourselves to <paramref name="remote"/> and it to us; null when that fails or takes longer than <see cref="Timeout"/>, or when <paramref name="mayConfirm"/>, asked once
    /// the remote is proven, wants nothing to come of it.
    /// </summary>
    internal async Task<SecureLink?> InitiateAsync(
        ConnectionContext link, PeerId remote, ConnectionPath path, HandshakeOffer offer, Func<HandshakeResult, bool> mayConfirm, CancellationToken cancellationToken)
    {
        var pipe = new RecordPipe(link);
        SecureLink? secured = null;
        InitiatorHandshake? handshake = null;
        using var timeout = new CancellationTokenSource(Timeout, clock.TimeProvider);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await RunCryptoAsync(
                () =>
                {
                    handshake = new InitiatorHandshake(self, remote, network, offer, HandshakeRandomness.Draw(), _agreementKeys);
                    WriteHandshake(pipe, RecordType.HandshakeMessage1, handshake.WriteMessage1);
                },
                deadline.Token).ConfigureAwait(false);
            if (!await pipe.FlushAsync(deadline.Token).ConfigureAwait(false)
                || !await pipe.ReadAsync(deadline.Token).ConfigureAwait(false)
                || pipe.Header.Type != RecordType.HandshakeMessage2)
                return null;
            HandshakeResult? result = null;
            await RunCryptoAsync(() => handshake!.TryReadMessage2(pipe.Body.Span, out result), deadline.Token).ConfigureAwait(false);
            if (result is null)
                return null;
            if (!mayConfirm(result))
            {
                result.Dispose();
                return null;
            }

            pipe.ExpectRecords();
            var established = new SecureLink(pipe, result, path, clock.Now);
            // Until a first record opens at the responder, message 1 might be a replay and changes nothing there.
            WriteConfirmation(established);
            if (await pipe.FlushAsync(deadline.Token).ConfigureAwait(false))
                secured = established;
            else
                await established.DisposeAsync().ConfigureAwait(false);
            return secured;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            handshake?.Dispose();
            if (secured is null)
                await pipe.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Lets <paramref name="remote"/> prove itself and goes no further: without our first record, nothing comes of it there. True when it did. Closes the link.
    /// </summary>
    internal async Task<bool> ProveAsync(ConnectionContext ownedLink, PeerId remote, HandshakeOffer offer, CancellationToken cancellationToken)
    {
        var pipe = new RecordPipe(ownedLink);
        await using var closing = pipe.ConfigureAwait(false);
        InitiatorHandshake? handshake = null;
        HandshakeResult? result = null;
        try
        {
            await RunCryptoAsync(
                () =>
                {
                    handshake = new InitiatorHandshake(self, remote, network, offer, HandshakeRandomness.Draw(), _agreementKeys);
                    WriteHandshake(pipe, RecordType.HandshakeMessage1, handshake.WriteMessage1);
                },
                cancellationToken).ConfigureAwait(false);
            if (!await pipe.FlushAsync(cancellationToken).ConfigureAwait(false)
                || !await pipe.ReadAsync(cancellationToken).ConfigureAwait(false)
                || pipe.Header.Type != RecordType.HandshakeMessage2)
                return false;
            await RunCryptoAsync(() => handshake!.TryReadMessage2(pipe.Body.Span, out result), cancellationToken).ConfigureAwait(false);
            return result is not null;
        }
        finally
        {
            result?.Dispose();
            handshake?.Dispose();
            pipe.Abort("proven, or not");
        }
    }

    /// <summary>
    /// Answers a handshake. <paramref name="decide"/> sees who calls, before anything is answered, and returns the reply or null to refuse.
    /// </summary>
    internal async Task<SecureLink?> RespondAsync(ConnectionContext link, ConnectionPath path, Func<HandshakeOffer, HandshakeReply?> decide, CancellationToken cancellationToken)
    {
        var pipe = new RecordPipe(link);
        SecureLink? secured = null;
        SecureLink? established = null;
        using var timeout = new CancellationTokenSource(Timeout, clock.TimeProvider);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            if (!await pipe.ReadAsync(deadline.Token).ConfigureAwait(false) || pipe.Header.Type != RecordType.HandshakeMessage1)
                return null;
            using var handshake = new ResponderHandshake(self, network, HandshakeRandomness.Draw(), _agreementKeys);
            HandshakeResult? result = null;
            await RunCryptoAsync(
                () =>
                {
                    if (handshake.TryReadMessage1(pipe.Body.Span, out var offer) && decide(offer!) is { } reply)
                        WriteHandshake(pipe, RecordType.HandshakeMessage2, buffer => handshake.TryWriteMessage2(reply, buffer, out var length, out result) ? length : 0);
                },
                deadline.Token).ConfigureAwait(false);
            if (result is null)
                return null;
            pipe.ExpectRecords();
            established = new SecureLink(pipe, result, path, clock.Now);
            if (!await pipe.FlushAsync(deadline.Token).ConfigureAwait(false)
                || !await pipe.ReadAsync(deadline.Token).ConfigureAwait(false)
                || !established.Opener.TryOpen(pipe.Header, pipe.Body.Span, pipe.Body.Span, out var length))
                return null;
            established.FirstPlaintext = pipe.Body[..length].ToArray();
            secured = established;
            return secured;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            if (secured is null && established is not null)
                await established.DisposeAsync().ConfigureAwait(false);
            else if (secured is null)
                await pipe.DisposeAsync().ConfigureAwait(false);
        }
    }

    private delegate int WriteMessage(Span<byte> destination);

    private static void WriteHandshake(RecordPipe pipe, RecordType type, WriteMessage write)
    {
        var buffer = pipe.Output.GetSpan(RecordHeader.Length + RecordHeader.MaxHandshakeLength);
        var length = write(buffer.Slice(RecordHeader.Length, RecordHeader.MaxHandshakeLength));
        if (length == 0)
            return;
        new RecordHeader(type, length).Write(buffer);
        pipe.Output.Advance(RecordHeader.Length + length);
    }

    private void WriteConfirmation(SecureLink link)
    {
        var written = link.Sealer.Seal([], link.Pipe.Output.GetSpan(RecordSealer.Overhead(link.Result.Suite)), clock.Now);
        link.Pipe.Output.Advance(written);
    }

    /// <summary>Handshake arithmetic takes at most one core: a flood of valid first messages slows other handshakes, never open sessions.</summary>
    private async Task RunCryptoAsync(Action action, CancellationToken cancellationToken)
    {
        await handshakeCore.WaitAsync(cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref _computations);
        try
        {
            action();
        }
        finally
        {
            handshakeCore.Release();
        }
    }
}
