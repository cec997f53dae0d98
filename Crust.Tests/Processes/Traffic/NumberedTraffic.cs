using System.Buffers.Binary;
using System.Diagnostics;

namespace Crust.Tests.Processes.Traffic;

/// <summary>Numbered messages at a rate, to a peer that sends the same: each side checks what comes, and knows at the end how many there were to come.</summary>
internal sealed class NumberedTraffic(int rate)
{
    private const string Numbers = "numbers", End = "end";
    private const int MessageLength = 100;

    /// <summary>How often what is due is sent.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(2);

    private readonly TaskCompletionSource<long> _otherSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _sent;

    /// <summary>What came.</summary>
    internal ArrivalCounter Arrivals { get; } = new();

    /// <summary>How many were sent.</summary>
    internal long Sent => Volatile.Read(ref _sent);

    /// <summary>The longest that a message waited to be sent after it was due: what faults held up.</summary>
    internal TimeSpan LongestBacklog { get; private set; }

    /// <summary>How long after it was due the last one was sent: with nothing in its way, next to nothing, or the rate is not kept.</summary>
    internal TimeSpan LastBacklog { get; private set; }

    /// <summary>Registers what takes the other's messages.</summary>
    /// <param name="options">The node's.</param>
    /// <param name="arrived">Told of the connection of each message.</param>
    internal void Register(CrustNodeOptions options, Action<PeerConnection>? arrived = null)
    {
        options.Handlers[Numbers] = (message, _) =>
        {
            arrived?.Invoke(message.Connection);
            Arrivals.Handle(BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span));
            return ValueTask.CompletedTask;
        };
        options.Handlers[End] = (message, _) =>
        {
            _otherSent.TrySetResult(BinaryPrimitives.ReadInt64LittleEndian(message.Payload.Span));
            return ValueTask.CompletedTask;
        };
    }

    /// <summary>Sends until it is enough, then says how many they were; ends when the other knows.</summary>
    /// <param name="connection">Whom to.</param>
    /// <param name="total">How many at most.</param>
    /// <param name="enough">Ends when it is enough.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    internal async Task SendAsync(PeerConnection connection, long total, Task enough, CancellationToken cancellationToken)
    {
        var payload = new byte[MessageLength];
        using var pace = new PeriodicTimer(Pace);
        var start = Stopwatch.GetTimestamp();
        while (_sent < total && !enough.IsCompleted)
        {
            for (var due = Math.Min(total, (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * rate)); _sent < due && !enough.IsCompleted; Volatile.Write(ref _sent, _sent + 1))
            {
                BinaryPrimitives.WriteInt64LittleEndian(payload, _sent);
                await connection.SendAsync(Numbers, payload, cancellationToken);
                LastBacklog = Stopwatch.GetElapsedTime(start) - TimeSpan.FromSeconds((_sent + 1.0) / rate);
                if (LastBacklog > LongestBacklog)
                    LongestBacklog = LastBacklog;
            }

            await pace.WaitForNextTickAsync(cancellationToken);
        }

        BinaryPrimitives.WriteInt64LittleEndian(payload, _sent);
        await connection.SendAndConfirmAsync(End, payload, cancellationToken);
    }

    /// <summary>Ends when as many came as the other sent: the last of them may still wait for its turn.</summary>
    internal async Task ArriveAsync(CancellationToken cancellationToken)
    {
        var total = await _otherSent.Task.WaitAsync(cancellationToken);
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (Arrivals.Count < total)
            await poll.WaitForNextTickAsync(cancellationToken);
        if (Arrivals.Count != total)
            throw new InvalidDataException($"Of {total} messages {Arrivals.Count} came.");
    }
}
