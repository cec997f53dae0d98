using Crust.Primitives;

namespace Crust.Nat.Stun.Driver;

/// <summary>One Binding request over UDP with its repetitions (RFC 8489 §6.2.1): the client side, for whoever awaits the answer.</summary>
internal sealed class StunRequest : IStunResponseHandler
{
    private readonly TaskCompletionSource<StunBinding> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StunRequest()
    {
    }

    /// <summary>Asks a server; null when it does not answer in time.</summary>
    /// <param name="socket">The socket whose mapping is asked for.</param>
    /// <param name="server">Whom to ask.</param>
    /// <param name="source">Where the answer must come from; null: from the server.</param>
    /// <param name="change">What the server is asked to answer from.</param>
    /// <param name="timers">When to ask again.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    internal static async Task<StunBinding?> AskAsync(
        StunDispatcher socket, TransportAddress server, TransportAddress? source, StunChange change, StunTimers timers, TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var request = new StunRequest();
        var transaction = StunDispatcher.NewTransaction();
        if (!socket.TryExpect(transaction, source ?? server, request))
            return null;
        try
        {
            var message = Write(transaction, change);
            for (var sent = 1; sent <= timers.MaxRequests; sent++)
            {
                socket.TrySend(message, server);
                try
                {
                    return await request._answered.Task.WaitAsync(timers.WaitAfter(sent), timeProvider, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Once more, or given up.
                }
            }

            return null;
        }
        finally
        {
            socket.Forget(transaction);
        }
    }

    public void HandleResponse(StunDispatcher socket, StunMessage response, TransportAddress remote)
    {
        if (StunBinding.TryRead(response, out var binding))
            _answered.TrySetResult(binding);
    }

    /// <summary>A request with FINGERPRINT: it shares its socket with µTP.</summary>
    internal static byte[] Write(StunTransactionId transaction, StunChange change)
    {
        var buffer = new byte[64];
        var writer = new StunWriter(buffer, StunClass.Request, transaction);
        if (change != StunChange.None)
            writer.AddChangeRequest(change);
        writer.AddFingerprint();
        return buffer[..writer.Length];
    }
}
