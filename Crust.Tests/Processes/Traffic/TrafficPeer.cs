using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Crust.Identity;

namespace Crust.Tests.Processes.Traffic;

/// <summary>
/// A process of its own: a node that sends numbered messages at a rate and a stream, checks those of the other, and makes its links where it is told to.
/// Arguments: <c>SECONDS RATE</c>. Reads <c>dial ADDRESS</c> (from now on links are made there), <c>rest</c> (the other side makes them) and <c>end</c>; writes events, one
/// JSON object a line. Ends when its input does.
/// </summary>
internal sealed class TrafficPeer(int seconds, int rate) : IAsyncDisposable
{
    internal const string Verb = "--traffic-peer";

    /// <summary>Bytes of each direction of the stream, in a second.</summary>
    internal const int StreamRate = 1 << 20;

    private const string Stream = "stream";

    private static readonly TaskCompletionSource Never = new();

    private readonly NumberedTraffic _numbers = new(rate);
    private readonly TaskCompletionSource<PeerConnection> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<PeerStream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopped = new();
    private CrustNode _node = null!;
    private volatile PeerAddress? _target;
    private int _sessions;
    private int _moves;

    internal static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is not [var first, var second]
            || !int.TryParse(first, CultureInfo.InvariantCulture, out var seconds) || !int.TryParse(second, CultureInfo.InvariantCulture, out var rate))
            return 2;
        await using var peer = new TrafficPeer(seconds, rate);
        return await peer.RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _node.DisposeAsync();
        _stopped.Dispose();
    }

    private async Task<int> RunAsync()
    {
        var options = new CrustNodeOptions { Listen = IPAddress.Loopback };
        _numbers.Register(options);
        options.StreamHandlers[Stream] = (stream, _) =>
        {
            _stream.TrySetResult(stream);
            return new ValueTask(_ended.Task);
        };
        _node = CrustNode.Bind(options);
        _node.PeerConnected += Connected;
        _node.PeerPathChanged += _ => Interlocked.Increment(ref _moves);
        _node.PeerDisconnected += connection => _connected.Task.ContinueWith(_ => Fail($"the session ended: {connection.CloseReason}"), TaskScheduler.Default);
        _node.Accept();
        Say(new { @event = "ready", addresses = _node.Addresses.Select(a => a.ToString()) });

        // The first link says who opens the stream: whoever is told to make it.
        var commands = Task.Run(ObeyAsync);
        var following = FollowAsync();
        try
        {
            var connection = await _connected.Task.WaitAsync(_stopped.Token);
            var stream = _target is null ? await _stream.Task.WaitAsync(_stopped.Token) : connection.OpenStream(Stream);
            var start = Stopwatch.GetTimestamp();
            // The first that fails ends the others.
            await Task.WhenAll(new[]
            {
                _numbers.SendAsync(connection, (long)seconds * rate, Never.Task, _stopped.Token), WriteAsync(stream), ReadAsync(stream), _numbers.ArriveAsync(_stopped.Token),
            }.Select(WatchAsync));
            Report(connection, Stopwatch.GetElapsedTime(start));
            await commands;
        }
#pragma warning disable CA1031 // Whatever went wrong, the test must hear of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e.ToString());
            return 1;
        }
        finally
        {
            await _stopped.CancelAsync();
            await following;
        }

        return _numbers.Arrivals.OutOfTurn == 0 ? 0 : 1;
    }

    private async Task WatchAsync(Task work)
    {
        try
        {
            await work;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Fail(e.ToString(), e is InvalidDataException ? "broken" : "failed");
            await _stopped.CancelAsync();
            throw;
        }
    }

    private void Connected(PeerConnection connection)
    {
        Interlocked.Increment(ref _sessions);
        _connected.TrySetResult(connection);
    }

    /// <summary>On a thread of its own: the console's reader waits without giving its thread back.</summary>
    private async Task ObeyAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "end")
                break;
            _target = line.StartsWith("dial ", StringComparison.Ordinal) ? PeerAddress.Parse(line[5..], null) : null;
        }

        _ended.TrySetResult();
        await _stopped.CancelAsync();
    }

    /// <summary>What an application does whose peer moves: without a link, it makes one where the peer is now.</summary>
    private async Task FollowAsync()
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await poll.WaitForNextTickAsync(_stopped.Token))
            {
                if (_target is not { } target || _connected.Task is { IsCompletedSuccessfully: true, Result.IsSuspended: false })
                    continue;
                try
                {
                    await _node.ConnectToAddressAsync(target, _stopped.Token);
                }
                catch (ConnectException)
                {
                    // There again soon, or told to go elsewhere.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Done.
        }
    }

    private async Task WriteAsync(PeerStream stream)
    {
        var piece = new byte[16 << 10];
        var total = (long)seconds * StreamRate;
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var start = Stopwatch.GetTimestamp();
        for (var written = 0L; written < total; await pace.WaitForNextTickAsync(_stopped.Token))
        {
            for (var due = Math.Min(total, (long)(Stopwatch.GetElapsedTime(start).TotalSeconds * StreamRate)); written < due;)
            {
                var length = (int)Math.Min(piece.Length, due - written);
                TrafficContent.Fill(piece.AsSpan(0, length), written);
                await stream.WriteAsync(piece.AsMemory(0, length), _stopped.Token);
                written += length;
            }
        }

        stream.CompleteWriting();
    }

    private async Task ReadAsync(PeerStream stream)
    {
        var (buffer, scratch) = (new byte[32 << 10], new byte[32 << 10]);
        var read = 0L;
        while (await stream.ReadAsync(buffer, _stopped.Token) is > 0 and var length)
        {
            if (!TrafficContent.Is(buffer.AsSpan(0, length), read, scratch))
                throw new InvalidDataException($"The stream is wrong within {length} bytes from {read} on.");
            read += length;
        }

        if (read != (long)seconds * StreamRate)
            throw new InvalidDataException($"Of the stream {read} bytes came, not {(long)seconds * StreamRate}.");
    }

    private void Report(PeerConnection connection, TimeSpan took) => Say(new
    {
        @event = "done",
        sent = _numbers.Sent,
        received = _numbers.Arrivals.Count,
        outOfTurn = _numbers.Arrivals.OutOfTurn,
        streamBytes = (long)seconds * StreamRate,
        longestGapMs = _numbers.Arrivals.LongestGap.TotalMilliseconds,
        longestBacklogMs = _numbers.LongestBacklog.TotalMilliseconds,
        lastBacklogMs = _numbers.LastBacklog.TotalMilliseconds,
        seconds = took.TotalSeconds,
        sessions = Volatile.Read(ref _sessions),
        moves = Volatile.Read(ref _moves),
        sentAgain = connection.Session.Statistics.MessagesRetransmitted,
        processorSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
    });

    /// <summary>What arrived was wrong (<c>broken</c>), or something else went wrong (<c>failed</c>).</summary>
    private void Fail(string why, string name = "failed")
    {
        if (!_ended.Task.IsCompleted)
            Say(new { @event = name, why });
    }

    private static void Say(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
