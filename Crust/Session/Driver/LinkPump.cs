using System.IO.Pipelines;
using System.Net;
using Crust.Buffers;
using Crust.Primitives.Driver;
using Crust.Session.Links;
using Crust.Session.Records;
using Crust.Transport;
using Crust.Transport.Driver;

namespace Crust.Session.Driver;

/// <summary>
/// A link while it carries a session: one loop opens records and hands them over, one takes records and seals them. Ends when either loop
/// does. The link that carries our goodbye ends when the peer ends it, which it does at once, or when it is stopped: bytes that came and were not read would make
/// our close a reset, which overtakes the goodbye. Owns the link.
/// </summary>
internal sealed class LinkPump(SecureLink link, ILinkCarrier carrier, MonotonicClock clock)
{
    /// <summary>Written but not flushed: more than this waits for the socket.</summary>
    private const int FlushThreshold = 128 * 1024;

    private readonly AsyncSignal _wake = new();
    private volatile bool _isStopped;
    private volatile bool _endedInOrder;
    private volatile bool _isLeft;

    /// <summary>The link as the session sees it. Set before <see cref="Start"/>.</summary>
    internal SessionLink Handle { get; set; } = null!;

    internal SecureLink Link => link;

    /// <summary>The address of this host that the link leaves from, as of its beginning. Null: there is none, as for a circuit, whose gateway's link has one.</summary>
    internal IPAddress? Source { get; } = link.Path == ConnectionPath.Relayed ? null : LocalRoute.SourceOf(link.Pipe.Link.LocalEndPoint, link.Pipe.Link.RemoteEndPoint);

    /// <summary>What the session lends to the record that is being sealed.</summary>
    internal LentPayloads Lent { get; } = new();

    /// <summary>Ends once both loops have ended, the link is disposed and the session knows.</summary>
    internal Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Starts both loops, once.</summary>
    internal void Start() => Ended = RunAsync();

    /// <summary>Tells the writer that there may be something to write.</summary>
    internal void Wake() => _wake.Set();

    /// <summary>Ends both loops at once. May come late and repeatedly.</summary>
    internal void Stop(string reason)
    {
        _isStopped = true;
        // What waits for the socket ends with it.
        link.Pipe.Abort(reason);
        _wake.Set();
    }

    /// <summary>Waits for the peer no longer. What was said in order stays with the kernel, which delivers it to who reads late; else as <see cref="Stop"/>.</summary>
    internal void Leave(string reason)
    {
        _isLeft = true;
        if (_endedInOrder)
            link.Pipe.CancelRead();
        else
            Stop(reason);
    }

    private async Task RunAsync()
    {
        // Whoever starts us holds locks.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var writing = WriteAsync();
#pragma warning disable CA1031 // Whatever fails in a loop, the session ends with a reason and the process lives.
        try
        {
            await ReadAsync().ConfigureAwait(false);
            if (carrier.SaysGoodbye(this) && !_isLeft)
                await link.Pipe.DrainAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            carrier.LinkFaulted(this, e);
        }

        try
        {
            await writing.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            carrier.LinkFaulted(this, e);
        }
#pragma warning restore CA1031

        await link.DisposeAsync().ConfigureAwait(false);
        await carrier.LinkEndedAsync(this).ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        try
        {
            // The record that confirms a handshake may have frames in it.
            if (link.FirstPlaintext.Length > 0 && !carrier.HandleRecord(this, link.FirstPlaintext))
                return;
            link.FirstPlaintext = [];
            while (!_isStopped && await link.Pipe.ReadAsync(CancellationToken.None).ConfigureAwait(false))
            {
                var body = link.Pipe.Body;
                if (!link.Opener.TryOpen(link.Pipe.Header, body.Span, body.Span, out var length) || !carrier.HandleRecord(this, body.Span[..length]))
                    return;
            }
        }
        finally
        {
            // Without a reader there is no acknowledgement: let the writer end too, after it said goodbye if one is due.
            if (carrier.SaysGoodbye(this))
                Wake();
            else if (!_endedInOrder)
                Stop("the reader ended");
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            var sizer = new RecordSizer();
            while (!_isStopped && await WriteAllAsync(sizer).ConfigureAwait(false) is { } over)
            {
                if (over)
                {
                    _endedInOrder = true;
                    if (carrier.SaysGoodbye(this))
                        await link.Pipe.FinishWritingAsync().ConfigureAwait(false);
                    else
                        link.Pipe.CancelRead();
                    return;
                }

                await _wake.WaitAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            // A reader that waits for bytes must end with the writer.
            if (!_endedInOrder)
                Stop("the writer ended");
        }
    }

    /// <summary>Writes and flushes until there is nothing more to write now.</summary>
    /// <returns>Whether the session is over; null when the link is gone.</returns>
    private async ValueTask<bool?> WriteAllAsync(RecordSizer sizer)
    {
        var overhead = RecordSealer.Overhead(link.Result.Suite);
        var output = link.Pipe.Output;
        var unflushed = 0;
        while (true)
        {
            var length = SealNext(sizer, output, overhead, out var written, out var over);
            unflushed += written;

            // Flushing gives the buffer back, also an empty one.
            if (length == 0 || unflushed >= FlushThreshold)
            {
                if (!Lent.Runs.IsEmpty)
                    carrier.TakeBack(this);
                if (!await link.Pipe.FlushAsync(CancellationToken.None).ConfigureAwait(false))
                    return null;
                unflushed = 0;
            }

            if (length == 0)
                return over;
        }
    }

    /// <summary>Writes the next record where it leaves from, and seals it in place.</summary>
    private int SealNext(RecordSizer sizer, PipeWriter output, int overhead, out int written, out bool over)
    {
        written = 0;
        var now = clock.Now;
        var room = sizer.NextBytes(now);
        var destination = output.GetSpan(room + overhead);
        var length = carrier.NextRecord(this, destination.Slice(RecordHeader.Length, room), out over);
        sizer.Sent(length, now);
        if (length > 0)
        {
            written = link.Sealer.Seal(length, Lent, destination, now);
            output.Advance(written);
        }

        return length;
    }
}
