using System.Text.Json;
using Crust.Gateway.Files;
using Crust.Gateway.Files.Driver;
using Crust.Identity;

namespace Crust.Gateway.Commands;

/// <summary>Tells what happens at a receiver, and when the one transfer that <c>--once</c> waits for is over. Thread safe.</summary>
internal sealed class ReceiveEventLines(TransferOutput output) : IReceiveEvents
{
    private readonly TaskCompletionSource<int> _once = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the exit code once a transfer has come to its end, good or bad.</summary>
    internal Task<int> Once => _once.Task;

    public void Began(IncomingTransfer transfer)
    {
        var (manifest, has) = (transfer.Manifest, transfer.Plan.Received);
        output.Progress.Add(transfer.Progress);
        output.Lines.Event(
            "offer", $"{transfer.Sender} sends '{Printable.Of(manifest.Root.Name)}' ({TransferOutput.Size(manifest)}).",
            ("transfer", transfer.Id.Text), ("peer", transfer.Sender.ToString()), ("name", manifest.Root.Name), ("kind", manifest.Root.IsFolder ? "folder" : "file"),
            ("files", manifest.Files), ("bytes", manifest.TotalLength));
        if (has > 0)
        {
            output.Lines.Event(
                "resumed", $"{ByteSize.Format(has)} of {ByteSize.Format(manifest.TotalLength)} are here already: going on from there.",
                ("transfer", transfer.Id.Text), ("bytes", has), ("total", manifest.TotalLength));
        }
    }

    public void Done(IncomingTransfer transfer, Receipt receipt)
    {
        output.Progress.Remove(transfer.Progress);
        output.Lines.Event(
            "done", $"Received {Printable.Of(transfer.PlacedAt!)} ({TransferOutput.Size(transfer.Manifest)}), verified.",
            ("transfer", transfer.Id.Text), ("peer", transfer.Sender.ToString()), ("path", transfer.PlacedAt), ("files", transfer.Manifest.Files),
            ("bytes", transfer.Manifest.TotalLength));
        output.Lines.Event("receipt", "", ("transfer", transfer.Id.Text), ("receipt", JsonSerializer.Deserialize<JsonElement>(receipt.ToBytes())));
    }

    public void Refused(PeerId sender, RefusedException why) => output.Lines.Event(
        "refused", $"Refused an offer of {sender}: {why.Local}", ("peer", sender.ToString()), ("code", why.Code.ToToken()), ("why", why.Local));

    public void Failed(IncomingTransfer transfer, RefusedException why)
    {
        output.Progress.Remove(transfer.Progress);
        if (why.Code is RefusalCode.DiskFull or RefusalCode.StorageFailed)
        {
            output.Lines.Failed(why.Code.ToToken(), why.Local);
            _once.TrySetResult(CommandRunner.Failed);
            return;
        }

        Refused(transfer.Sender, why);
    }

    public void Suspended(IncomingTransfer transfer, string why)
    {
        output.Progress.Remove(transfer.Progress);
        output.Lines.Event(
            "suspended",
            $"'{Printable.Of(transfer.Manifest.Root.Name)}' stopped at {ByteSize.Format(transfer.Plan.Received)} of {ByteSize.Format(transfer.Manifest.TotalLength)} ({Printable.Of(why)}). It goes on when its sender tries again.",
            ("transfer", transfer.Id.Text), ("bytes", transfer.Plan.Received), ("total", transfer.Manifest.TotalLength), ("why", why));
    }

    public void Thanked(IncomingTransfer transfer) => _once.TrySetResult(CommandRunner.Done);

    public void LeftUnthanked(IncomingTransfer transfer) => _once.TrySetResult(CommandRunner.Done);
}
