using System.Runtime.CompilerServices;
using Crust.Primitives;

namespace Crust.Tests.Simulation;

/// <summary>
/// A world of discrete events under a virtual clock. Everything in it comes from one seed and happens on one thread, one event after the other, so that a
/// seed is a story that can be told again.
/// </summary>
/// <param name="seed">Whatever happens follows from it.</param>
/// <param name="isTraced">Whether the last <see cref="TraceLength"/> lines of what happened are kept.</param>
internal sealed class World(ulong seed, bool isTraced)
{
    internal const int TraceLength = 300;

    /// <summary>Events that may wait. Ours: some hundred links, timers and consumers; more means that something piles up.</summary>
    private const int MaxWaiting = 50_000;

    /// <summary>Events of one story. Ours: twice what a thousand flows have in a minute; more means that something runs in circles.</summary>
    private const long MaxEvents = 60_000_000;

    private readonly PriorityQueue<Action, (long Microseconds, long Order)> _events = new();
    private readonly Queue<string> _trace = new();
    private long _order;
    private ulong _fingerprint = 14695981039346656037;

    internal ulong Seed { get; } = seed;

    internal bool IsTraced { get; } = isTraced;

    internal DeterministicRandom Random { get; } = new(seed);

    /// <summary>When the story begins.</summary>
    internal static Instant Beginning => new(1_000_000_000);

    internal Instant Now { get; private set; } = Beginning;

    /// <summary>The wall clock: tied to the virtual one.</summary>
    internal ulong UnixMilliseconds => 1_700_000_000_000 + (ulong)(Now.Microseconds / 1000);

    /// <summary>Events that wait.</summary>
    internal int Waiting => _events.Count;

    /// <summary>When the next of them is due; null without any.</summary>
    internal TimeSpan? NextIn => _events.TryPeek(out _, out var next) ? new Instant(next.Microseconds) - Now : null;

    /// <summary>Events that happened.</summary>
    internal long Happened { get; private set; }

    /// <summary>A hash of what happened: two stories with the same one are the same.</summary>
    internal ulong Fingerprint => _fingerprint;

    internal IEnumerable<string> Trace => _trace;

    internal void After(TimeSpan delay, Action action) => At(Now + delay, action);

    /// <summary>Right after the event that happens now, and what was scheduled for this moment before.</summary>
    internal void Soon(Action action) => At(Now, action);

    internal void At(Instant when, Action action)
    {
        if (_events.Count >= MaxWaiting)
            throw new SimulationException($"{MaxWaiting} events wait: something piles up.");
        _events.Enqueue(action, (Math.Max(when.Microseconds, Now.Microseconds), _order++));
    }

    /// <summary>Lets time pass until a moment.</summary>
    internal void Run(Instant until)
    {
        while (_events.TryPeek(out _, out var next) && next.Microseconds <= until.Microseconds)
        {
            var action = _events.Dequeue();
            Now = new Instant(next.Microseconds);
            if (++Happened > MaxEvents)
                throw new SimulationException($"{MaxEvents} events happened: something runs in circles.");
            action();
        }

        Now = until;
    }

    /// <summary>Lets time pass until nothing waits any more, or the moment has come.</summary>
    internal void RunDry(Instant until)
    {
        while (_events.TryPeek(out _, out var next) && next.Microseconds <= until.Microseconds)
            Run(new Instant(next.Microseconds));
    }

    /// <summary>Makes a number part of the fingerprint.</summary>
    internal void Mark(ulong value)
    {
        unchecked
        {
            _fingerprint = (_fingerprint ^ value ^ (ulong)Now.Microseconds) * 1099511628211;
        }
    }

    internal void Log([InterpolatedStringHandlerArgument("")] ref TraceMessage message)
    {
        if (!IsTraced)
            return;
        if (_trace.Count == TraceLength)
            _trace.Dequeue();
        _trace.Enqueue($"{(Now - Beginning).TotalSeconds,11:F6}  {message.Take()}");
    }

    /// <summary>A time between two, all alike.</summary>
    internal TimeSpan Between(TimeSpan low, TimeSpan high) => low + (high - low) * Random.NextDouble();

    /// <summary>A time up to <paramref name="longest"/>, short ones far more often than long ones.</summary>
    internal TimeSpan UpTo(TimeSpan longest) => longest * Math.Pow(Random.NextDouble(), 3);

    /// <summary>A time of this mean, as between things that happen independently; at most five times as long.</summary>
    internal TimeSpan Around(TimeSpan mean) => mean * Math.Min(5, -Math.Log(1 - Random.NextDouble()));

    internal T Pick<T>(IReadOnlyList<T> choices) => choices[Random.Next(choices.Count)];
}
