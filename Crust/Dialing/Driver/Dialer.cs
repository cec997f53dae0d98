using Crust.Diagnostics;
using Crust.Identity;
using Crust.Primitives;
using Crust.Primitives.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>
/// Runs a <see cref="DialRace"/> over the node's transports: does what the race asks for, and tells it what came of it. Thread safe.
/// </summary>
internal sealed class Dialer(IReadOnlyList<ITransport> transports, LinkAdopter adopter, AdmissionGate gate, MonotonicClock clock, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly TransportMemory _memory = new();

    /// <summary>Races the addresses of one peer, in their order, until one carries a session with it.</summary>
    /// <param name="remote">The peer.</param>
    /// <param name="addresses">Where it may be; all its own.</param>
    /// <param name="cancellationToken">Gives the race up.</param>
    /// <param name="givenUp">Told, if the race is given up, how it stood.</param>
    internal async Task<DialResult> DialAsync(
        PeerId remote, IReadOnlyList<PeerAddress> addresses, CancellationToken cancellationToken, Action<string>? givenUp = null)
    {
        if (!gate.Allows(remote))
            return new DialResult(null, false, [.. addresses.Select(a => (a, DialAttempt.NotAllowed))]);
        TransportKind favoured;
        lock (_gate)
            favoured = _memory.Favoured(remote, addresses, clock.Now);
        var race = new DialRace(addresses, favoured, clock.Now);
        var attempts = new DialAttempt?[addresses.Count];
        try
        {
            await RunAsync(race, attempts, favoured, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            givenUp?.Invoke(DialReason.Summarize(race, clock.Now));
            throw;
        }
        finally
        {
            foreach (var attempt in attempts)
                attempt?.Cancel();
            foreach (var attempt in attempts)
            {
                if (attempt is not null)
                    await attempt.DisposeAsync().ConfigureAwait(false);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (race.Winner is { } winner)
        {
            lock (_gate)
                _memory.HandleWon(addresses[winner], race.IsContested, clock.Now);
        }

        return new DialResult(
            race.Winner is { } first ? attempts[first]!.Session : null, race.Reached,
            [.. race.Runners.Where(r => r.Failure is not null).Select(r => (r.Address, r.Failure!))]);
    }

    private async Task RunAsync(DialRace race, DialAttempt?[] attempts, TransportKind favoured, CancellationToken cancellationToken)
    {
        // The candidates that are at something.
        var busy = new List<int>();
        while (true)
        {
            while (race.PollStep(out var step))
                Take(step);
            if (race.IsOver)
                return;
            await WaitAsync(Task.WhenAny(busy.Select(i => attempts[i]!.Work)), race.PollTimeout(), cancellationToken).ConfigureAwait(false);
            foreach (var candidate in busy.Where(i => attempts[i]!.Work.IsCompleted).ToList())
            {
                busy.Remove(candidate);
                Tell(candidate, attempts[candidate]!);
            }

            race.HandleTimeout(clock.Now);
        }

        void Take(DialStep step)
        {
            var runner = race.Runners[step.Candidate];
            switch (step.Kind)
            {
                case DialStepKind.Open:
                    var attempt = new DialAttempt(runner.Address, transports.FirstOrDefault(t => t.Kind == runner.Address.Transport), adopter, gate, cancellationToken);
                    attempts[step.Candidate] = attempt;
                    attempt.Open();
                    busy.Add(step.Candidate);
                    break;
                case DialStepKind.Handshake:
                    attempts[step.Candidate]!.Handshake(DialReason.Explain(race, runner, favoured, clock.Now));
                    busy.Add(step.Candidate);
                    break;
                default:
                    busy.Remove(step.Candidate);
                    attempts[step.Candidate]!.Cancel();
                    break;
            }
        }

        void Tell(int candidate, DialAttempt attempt)
        {
            if (attempt.Session is not null)
                race.HandleSecured(candidate);
            else if (attempt.Failure is null)
                race.HandleOpened(candidate, clock.Now);
            else
                race.HandleFailed(candidate, attempt.Failure, clock.Now);
            if (attempt.Failure is { } reason)
                Log.DialFailed(logger, race.Runners[candidate].Address.ToString(), reason);
        }
    }

    /// <summary>Ends when the task has, or when it is time.</summary>
    private async Task WaitAsync(Task<Task> first, Instant? due, CancellationToken cancellationToken)
    {
        if (due is not { } at)
        {
            await first.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            // Rounded up: a timer that goes off too early would have to be set again at once.
            var left = Math.Max(0, Math.Ceiling((at - clock.Now).TotalMilliseconds));
            await first.WaitAsync(TimeSpan.FromMilliseconds(left), clock.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Then it is time.
        }
    }
}
