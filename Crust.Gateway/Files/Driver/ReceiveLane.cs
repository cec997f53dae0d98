namespace Crust.Gateway.Files.Driver;

/// <summary>
/// One connection of a receiver: takes the messages one after the other. Whatever goes wrong with a transfer ends its attempt: the sender is told once, and
/// the rest of the attempt is dropped unread.
/// </summary>
internal sealed class ReceiveLane(PeerConnection connection, ReceiveSettings settings, TransferTable table, ManifestMemory memory, IReceiveEvents events, TimeProvider time)
{
    /// <summary>How often to tell the sender that what it waits for is under way.</summary>
    private static readonly TimeSpan WorkingInterval = TimeSpan.FromSeconds(5);

    private uint _attempt;
    private ManifestAssembly? _assembly;
    private IncomingTransfer? _transfer;

    /// <summary>Takes a message; done with its payload when the task ends.</summary>
    internal async ValueTask HandleAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await DispatchAsync(payload, cancellationToken);
        }
        catch (RefusedException e)
        {
            await EndAttemptAsync(e, cancellationToken);
        }
        catch (Exception e) when (e is IOException and not PeerConnectionClosedException or UnauthorizedAccessException)
        {
            await EndAttemptAsync(RefusedException.From(e), cancellationToken);
        }
        catch (PeerConnectionClosedException)
        {
            // The sender comes back, or not.
        }
    }

    /// <summary>The connection ended, and everything it delivered was handled.</summary>
    internal async Task DetachAsync(string why)
    {
        memory.Release(this);
        if (_transfer is not { } transfer)
            return;
        _transfer = null;
        await transfer.Gate.WaitAsync();
        try
        {
            if (transfer.Owner != this)
                return;
            transfer.Owner = null;
            if (transfer.PlacedAt is null)
            {
                events.Suspended(transfer, why);
                return;
            }

            table.Remove(transfer);
            events.LeftUnthanked(transfer);
        }
        finally
        {
            transfer.Gate.Release();
        }
    }

    private async ValueTask DispatchAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (FileCodec.IsChunk(payload.Span))
        {
            if (!FileCodec.TryReadChunk(payload, out var chunk))
                throw Violation();
            if (chunk.Attempt == _attempt && _transfer is { } transfer)
            {
                await WorkAsync(transfer, () => transfer.Write(chunk, cancellationToken), cancellationToken);
                transfer.LastUsed = time.GetTimestamp();
            }

            return;
        }

        switch (FileCodec.Read(payload))
        {
            case FileMessage.Offer offer:
                await BeginAsync(offer);
                break;
            case var message when message is not null && message.Attempt != _attempt:
                break;
            case FileMessage.Page page when _assembly is not null:
                await AddAsync(page, cancellationToken);
                break;
            case FileMessage.FileEnd end when _transfer is { } transfer:
                var isRight = true;
                await WorkAsync(transfer, () => isRight = transfer.EndFile(end.Index, end.Hash.Span), cancellationToken);
                if (!isRight)
                {
                    await SuspendAsync(transfer);
                    await SendAsync(new FileMessage.Mismatch(end.Attempt, end.Index), cancellationToken);
                }

                break;
            case FileMessage.Finished when _transfer is { } transfer:
                if (!transfer.Plan.IsComplete)
                    throw new RefusedException(RefusalCode.ProtocolViolation, "The sender ended before everything came.");
                await FinishAsync(transfer, cancellationToken);
                break;
            case FileMessage.Abandon abandon when _transfer is { } transfer:
                await SuspendAsync(transfer);
                events.Suspended(transfer, abandon.Reason);
                break;
            case FileMessage.Thanks when _transfer is { PlacedAt: not null } transfer:
                _transfer = null;
                await ForgetAsync(transfer);
                break;
            case FileMessage.Page or FileMessage.FileEnd or FileMessage.Finished or FileMessage.Abandon or FileMessage.Thanks:
                // Of an attempt that ended meanwhile: its sender may not know yet.
                break;
            default:
                throw Violation();
        }
    }

    private async Task BeginAsync(FileMessage.Offer offer)
    {
        memory.Release(this);
        _assembly = null;
        if (_transfer is { } earlier)
            await SuspendAsync(earlier);
        _attempt = offer.Attempt;
        if (settings.From.Count > 0 && !settings.From.Contains(connection.Peer))
            throw new RefusedException(RefusalCode.NotAllowed, "It takes files from other peers only.", $"{connection.Peer} is not among those whose files are taken.");
        if (offer.TotalLength > settings.MaxLength)
            throw new RefusedException(RefusalCode.TooLarge, $"{ByteSize.Format(offer.TotalLength)} are more than the {ByteSize.Format(settings.MaxLength)} it takes.");
        if (offer.Entries > settings.MaxEntries)
            throw new RefusedException(RefusalCode.TooLarge, $"{offer.Entries} files and folders are more than the {settings.MaxEntries} it takes.");
        if (offer.ManifestLength is 0 or > FileProtocol.MaxManifestLength)
            throw new RefusedException(RefusalCode.TooLarge, "The list of files is too long.");
        _assembly = new ManifestAssembly(offer);
    }

    private async Task AddAsync(FileMessage.Page page, CancellationToken cancellationToken)
    {
        var assembly = _assembly!;
        if (!assembly.TryAdd(page.Bytes.Span))
            throw Violation();
        memory.Require(this, assembly.Held);
        if (!assembly.IsComplete)
            return;
        _assembly = null;
        memory.Release(this);
        var manifest = assembly.Finish();
        while (!await TakeAsync(table.Get(connection.Peer, manifest), cancellationToken))
        {
            // It was closed while we waited for it: the next one is a new one.
        }
    }

    /// <summary>Makes the transfer this connection's; another one that had it is heard no more. False when the transfer is closed.</summary>
    private async Task<bool> TakeAsync(IncomingTransfer transfer, CancellationToken cancellationToken)
    {
        await transfer.Gate.WaitAsync(cancellationToken);
        try
        {
            if (!table.Holds(transfer))
                return false;
            transfer.Owner = this;
            transfer.LastUsed = time.GetTimestamp();
            transfer.Progress.Path = Transport.ConnectionPathExtensions.ToToken(connection.Path);
            _transfer = transfer;
            transfer.Progress.Note = "checking";
            await WhileTellingAsync(() => transfer.Open(cancellationToken), cancellationToken);
            transfer.Progress.Note = "";
            transfer.Progress.Start(transfer.Plan.Received, transfer.Plan.FilesDone);
            if (transfer.PlacedAt is null)
            {
                transfer.RequireSpace();
                events.Began(transfer);
                await SendAsync(new FileMessage.Ready(_attempt, transfer.Offer()), cancellationToken);
                return true;
            }
        }
        finally
        {
            transfer.Gate.Release();
        }

        await FinishAsync(transfer, cancellationToken);
        return true;
    }

    /// <summary>Puts everything in place and says so, in writing.</summary>
    private async Task FinishAsync(IncomingTransfer transfer, CancellationToken cancellationToken)
    {
        var isNew = transfer.PlacedAt is null;
        transfer.Progress.Note = "storing";
        if (!await WorkAsync(transfer, () => transfer.Place(), cancellationToken, tellWorking: true))
            return;
        var receipt = transfer.Receipt(settings.Self, time.GetUtcNow());
        if (isNew)
            events.Done(transfer, receipt);
        await connection.SendAsync(FileProtocol.Name, receipt.ToBytes(), cancellationToken);
    }

    /// <summary>Works on a transfer that is still this connection's; false when it is not.</summary>
    private async Task<bool> WorkAsync(IncomingTransfer transfer, Action work, CancellationToken cancellationToken, bool tellWorking = false)
    {
        await transfer.Gate.WaitAsync(cancellationToken);
        try
        {
            if (transfer.Owner != this)
                return false;
            if (tellWorking)
                await WhileTellingAsync(work, cancellationToken);
            else
                work();
            return true;
        }
        finally
        {
            transfer.Gate.Release();
        }
    }

    /// <summary>Does what may take long on another thread and tells the sender meanwhile that it is being done.</summary>
    private async Task WhileTellingAsync(Action work, CancellationToken cancellationToken)
    {
        var task = Task.Run(work, CancellationToken.None);
        while (true)
        {
            try
            {
                await task.WaitAsync(WorkingInterval, time, CancellationToken.None);
                return;
            }
            catch (TimeoutException) when (!task.IsCompleted)
            {
                if (connection.IsOpen)
                    await SendAsync(new FileMessage.Working(_attempt), cancellationToken);
            }
        }
    }

    /// <summary>The attempt is over; the transfer waits for another one.</summary>
    private async Task SuspendAsync(IncomingTransfer transfer)
    {
        _transfer = null;
        await transfer.Gate.WaitAsync();
        if (transfer.Owner == this)
            transfer.Owner = null;
        transfer.Gate.Release();
    }

    private async Task ForgetAsync(IncomingTransfer transfer)
    {
        await WorkAsync(
            transfer,
            () =>
            {
                transfer.Forget();
                table.Remove(transfer);
            },
            CancellationToken.None);
        events.Thanked(transfer);
    }

    private async Task EndAttemptAsync(RefusedException why, CancellationToken cancellationToken)
    {
        memory.Release(this);
        _assembly = null;
        if (_transfer is { } transfer)
        {
            _transfer = null;
            // What the disk holds is right, what is in memory may not be: the next attempt reads it anew.
            if (await WorkAsync(transfer, () => table.Remove(transfer), cancellationToken))
                events.Failed(transfer, why);
        }
        else
        {
            events.Refused(connection.Peer, why);
        }

        await SendAsync(new FileMessage.Refusal(_attempt, why.Code, why.Message), cancellationToken);
    }

    private async Task SendAsync(FileMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await connection.SendAsync(FileProtocol.Name, FileCodec.Write(message), cancellationToken);
        }
        catch (PeerConnectionClosedException)
        {
            // Nobody is there to be told.
        }
    }

    private static RefusedException Violation() => new(RefusalCode.ProtocolViolation, "A message makes no sense.");
}
