using System.Threading.Channels;
using Crust.Discovery.Routing;
using Crust.Identity;
using Crust.Primitives.Driver;
using Crust.Session.Driver;

namespace Crust;

/// <summary>A look-up that runs: its requests, and who told of the wanted peer.</summary>
/// <param name="ask">Asks one peer; null when it does not say.</param>
/// <param name="lookup">The machine.</param>
/// <param name="clock">The clock.</param>
internal sealed class LookupRun(Func<KnownPeer, CancellationToken, Task<(SessionDriver Session, List<KnownPeer> Told)?>> ask, Lookup lookup, MonotonicClock clock)
{
    private readonly Channel<(PeerId From, SessionDriver? Session, List<KnownPeer> Told)> _answers = Channel.CreateUnbounded<(PeerId, SessionDriver?, List<KnownPeer>)>();

    internal Lookup Lookup => lookup;

    /// <summary>Sessions with those who told of the wanted peer, in the order of their answers.</summary>
    internal List<SessionDriver> Tellers { get; } = [];

    /// <summary>Goes on until the look-up is over.</summary>
    internal async Task GoAsync(CancellationToken cancellationToken)
    {
        while (!lookup.IsOver)
        {
            while (lookup.PollRequest(clock.Now, out var next))
                _ = AskAsync(next, cancellationToken);
            if (lookup.PollTimeout() is not { } due)
                return;
            var wait = due - clock.Now;
            try
            {
                await _answers.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock.TimeProvider, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                lookup.HandleTimeout(clock.Now);
            }

            while (_answers.Reader.TryRead(out var answer))
                Take(answer.From, answer.Session, answer.Told);
        }
    }

    private void Take(PeerId from, SessionDriver? session, List<KnownPeer> told)
    {
        if (session is null)
        {
            lookup.HandleFailure(from, clock.Now);
            return;
        }

        lookup.HandleAnswer(from, told, clock.Now);
        if (lookup.Found is { } found && told.Exists(t => t.Id == found.Id))
            Tellers.Add(session);
    }

    /// <summary>Never faults; bounded by the times of its parts.</summary>
    private async Task AskAsync(KnownPeer peer, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            var answer = await ask(peer, cancellationToken).ConfigureAwait(false);
            _answers.Writer.TryWrite((peer.Id, answer?.Session, answer?.Told ?? []));
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The look-up was given up, or the node stops.
        }
    }
}
