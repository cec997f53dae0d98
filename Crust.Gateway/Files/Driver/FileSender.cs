using Crust.Transport;

namespace Crust.Gateway.Files.Driver;

/// <summary>
/// Sends a file or folder to one receiver until it has a receipt. It connects again when a connection ends, for as long as its settings say, and asks
/// the receiver each time what that has: nothing else decides what is sent again.
/// </summary>
internal sealed class FileSender
{
    /// <summary>How often one file may arrive with another hash than it was sent with before somebody must look.</summary>
    private const int MaxMismatches = 2;

    private static readonly TimeSpan AbandonTimeout = TimeSpan.FromSeconds(2);

    private readonly SendSettings _settings;
    private readonly SourceTree _source;
    private readonly ReceiverInbox _inbox;
    private readonly Func<CancellationToken, Task<PeerConnection>> _connect;
    private readonly TransferProgress _progress;
    private readonly FileStreamer _streamer;
    private readonly TimeProvider _time;
    private readonly Backoff _backoff;
    private readonly Dictionary<int, int> _mismatches = [];
    private uint _attempt;
    private long? _lostAt;

    internal FileSender(
        SendSettings settings, SourceTree source, ReceiverInbox inbox, Func<CancellationToken, Task<PeerConnection>> connect, TransferProgress progress, TimeProvider time)
    {
        _settings = settings;
        _source = source;
        _inbox = inbox;
        _connect = connect;
        _progress = progress;
        _time = time;
        _backoff = new Backoff(settings.Retry);
        _streamer = new FileStreamer(source, new RatePacer(settings.BytesPerSecond, time), progress);
    }

    /// <summary>Bytes of files that were sent, those sent again included.</summary>
    internal long BytesSent => _streamer.BytesSent;

    /// <summary>A connection was made; from the second on, again.</summary>
    internal event Action<PeerConnection>? Connected;

    /// <summary>The receiver has this many bytes already.</summary>
    internal event Action<long>? Resumed;

    /// <summary>Sends everything; what the receiver states in the end.</summary>
    /// <exception cref="TransferFailedException">It cannot be done.</exception>
    /// <exception cref="ConnectException">The receiver cannot be reached, or not again in time.</exception>
    /// <exception cref="PeerConnectionClosedException">The connection ended, and not enough time was left to make another.</exception>
    internal async Task<ReceiptEvidence> SendAsync(CancellationToken cancellationToken)
    {
        _progress.Note = "connecting";
        while (true)
        {
            try
            {
                var connection = await _connect(cancellationToken);
                _progress.Path = connection.Path.ToToken();
                Connected?.Invoke(connection);
                if (await SendOverAsync(connection, cancellationToken) is { } receipt)
                    return receipt;
                await WaitAsync("the receiver is busy", new TransferFailedException(RefusalCode.Busy.ToToken(), "The receiver is busy with other transfers."), cancellationToken);
            }
            catch (PeerConnectionClosedException e)
            {
                await WaitAsync("reconnecting", e, cancellationToken);
            }
            catch (ConnectException e) when (_attempt > 0 && e.Failure != ConnectFailure.Self)
            {
                await WaitAsync("reconnecting", e, cancellationToken);
            }
        }
    }

    /// <summary>Waits before the next try, or ends with the cause when there was time enough.</summary>
    private async Task WaitAsync(string note, Exception cause, CancellationToken cancellationToken)
    {
        _progress.Note = note;
        _lostAt ??= _time.GetTimestamp();
        if (_backoff.Next(_time.GetElapsedTime(_lostAt.Value)) is not { } wait)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        else
            await Task.Delay(wait, _time, cancellationToken);
    }

    /// <summary>Offers over a connection until the receiver has everything; null when it is busy.</summary>
    private async Task<ReceiptEvidence?> SendOverAsync(PeerConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            _attempt++;
            using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _inbox.Begin(_attempt, interrupt);
            try
            {
                switch (await AttemptOrLastWordAsync(connection, interrupt, cancellationToken))
                {
                    case { Receipt: { } receipt }:
                        return await AcceptAsync(connection, receipt, cancellationToken);
                    case { Message: FileMessage.Refusal { Code: RefusalCode.Busy } }:
                        return null;
                    case { Message: FileMessage.Refusal refusal }:
                        throw Refused(refusal);
                    case { Message: FileMessage.Mismatch mismatch }:
                        CountMismatch(mismatch.Index);
                        break;
                    default:
                        throw new TransferFailedException("protocol-violation", "The receiver answers what makes no sense.");
                }
            }
            catch (Exception e) when (e is TransferFailedException or OperationCanceledException)
            {
                await AbandonAsync(connection, e is TransferFailedException ? e.Message : "The sender was interrupted.");
                throw;
            }
            finally
            {
                _inbox.End();
            }
        }
    }

    /// <summary>A receiver that refuses and goes has still said why: its last word counts, not the end of the connection.</summary>
    private async Task<ReceiverReply> AttemptOrLastWordAsync(PeerConnection connection, CancellationTokenSource interrupt, CancellationToken cancellationToken)
    {
        try
        {
            return await AttemptAsync(connection, interrupt, cancellationToken);
        }
        catch (PeerConnectionClosedException)
        {
            await connection.Completion.WaitAsync(cancellationToken);
            if (_inbox.LastWord() is { } reply)
                return reply;
            throw;
        }
    }

    /// <summary>One offer with all that follows; the answer that ended it.</summary>
    private async Task<ReceiverReply> AttemptAsync(PeerConnection connection, CancellationTokenSource interrupt, CancellationToken cancellationToken)
    {
        _progress.Note = "waiting for the receiver";
        try
        {
            await OfferAsync(connection, interrupt.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The receiver has answered already.
        }

        var reply = await ReplyAsync(connection, cancellationToken);
        if (reply.Message is not FileMessage.Ready ready)
            return reply;
        var plan = SendPlan.For(_source.Manifest, ready.State) ?? throw new TransferFailedException("protocol-violation", "The receiver claims to have what was not offered.");
        _backoff.Reset();
        _lostAt = null;
        try
        {
            _progress.Note = "checking";
            await _streamer.HashDoneAsync(plan, interrupt.Token);
            var first = await _streamer.ChooseStartAsync(plan, ready.State, interrupt.Token);
            _progress.Start(plan.DoneLength + first, plan.FilesDone);
            if (_progress.Bytes > 0)
                Resumed?.Invoke(_progress.Bytes);
            _progress.Note = "";
            await _streamer.StreamAsync(connection, _attempt, plan, interrupt.Token);
            _progress.Note = "waiting for the receiver";
            await connection.SendAsync(FileProtocol.Name, FileCodec.Write(new FileMessage.Finished(_attempt)), interrupt.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The receiver ended it.
        }

        return await ReplyAsync(connection, cancellationToken);
    }

    private async Task OfferAsync(PeerConnection connection, CancellationToken cancellationToken)
    {
        var manifest = _source.Manifest;
        var offer = new FileMessage.Offer(_attempt, manifest.Bytes.Length, manifest.Hash, manifest.Entries.Count, manifest.TotalLength);
        try
        {
            await connection.SendAndConfirmAsync(FileProtocol.Name, FileCodec.Write(offer), cancellationToken);
        }
        catch (ProtocolRefusedException)
        {
            throw new TransferFailedException("not-receiving", $"{connection.Peer} takes no files at the moment: run `crust receive` there.");
        }

        for (var at = 0; at < manifest.Bytes.Length; at += FileProtocol.PageLength)
        {
            var page = manifest.Bytes.Slice(at, Math.Min(FileProtocol.PageLength, manifest.Bytes.Length - at));
            await connection.SendAsync(FileProtocol.Name, FileCodec.Write(new FileMessage.Page(_attempt, page)), cancellationToken);
        }
    }

    /// <summary>The next answer that says something.</summary>
    private async Task<ReceiverReply> ReplyAsync(PeerConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var reply = await _inbox.NextAsync(connection, _settings.AnswerTimeout, _time, cancellationToken)
                ?? throw new TransferFailedException("timed-out", $"The receiver did not answer for {_settings.AnswerTimeout.TotalSeconds:0} s.");
            if (reply.Message is not FileMessage.Working)
                return reply;
            _progress.Note = "the receiver is checking";
        }
    }

    private async Task<ReceiptEvidence> AcceptAsync(PeerConnection connection, ReceiptEvidence receipt, CancellationToken cancellationToken)
    {
        // After a lost receipt another attempt gets it at once, and not every file was hashed by this process.
        await _streamer.HashDoneAsync(SendPlan.Everything(_source.Manifest), cancellationToken);
        var expected = Receipt.For(_progress.Id, _settings.Self, _settings.Peer, _source.Manifest, _streamer.Hashes, _time.GetUtcNow());
        if (receipt.Receipt.DifferenceFrom(expected) is { } difference)
            throw new TransferFailedException("receipt-differs", $"The receiver's receipt is not for what was sent: {difference}.");
        _progress.Set(_source.Manifest.TotalLength, _source.Manifest.Files);
        try
        {
            await connection.SendAndConfirmAsync(FileProtocol.Name, FileCodec.Write(new FileMessage.Thanks(_attempt)), cancellationToken);
        }
        catch (PeerConnectionClosedException)
        {
            // The receipt is here; the receiver keeps its note of it for the next time.
        }

        return receipt;
    }

    private void CountMismatch(int index)
    {
        if (index >= _source.Manifest.Entries.Count || _source.Manifest.Entries[index].IsFolder)
            throw new TransferFailedException("protocol-violation", "The receiver names a file that was not sent.");
        _streamer.Forget(index);
        _mismatches[index] = _mismatches.GetValueOrDefault(index) + 1;
        if (_mismatches[index] >= MaxMismatches)
            throw new TransferFailedException("mismatch", $"'{_source.Shown(index)}' arrived with another hash than it was sent with, twice. Does it change, or fails a disk?");
    }

    private static TransferFailedException Refused(FileMessage.Refusal refusal) => new(refusal.Code.ToToken(), refusal.Code switch
    {
        RefusalCode.DiskFull => $"The receiver's disk is full: {refusal.Reason} Make room there and send again: it goes on where it stopped.",
        RefusalCode.NotAllowed => "The receiver takes files from other peers only.",
        _ => $"The receiver refused: {refusal.Reason}",
    });

    /// <summary>Tells the receiver that no more comes; it may be gone.</summary>
    private async Task AbandonAsync(PeerConnection connection, string reason)
    {
        using var timeout = new CancellationTokenSource(AbandonTimeout, _time);
        try
        {
            await connection.SendAndConfirmAsync(FileProtocol.Name, FileCodec.Write(new FileMessage.Abandon(_attempt, reason)), timeout.Token);
        }
        catch (Exception e) when (e is PeerConnectionClosedException or ProtocolRefusedException or OperationCanceledException)
        {
            // Nobody is there to be told.
        }
    }
}
