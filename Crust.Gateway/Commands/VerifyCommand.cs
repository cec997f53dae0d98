using System.CommandLine;
using Crust.Identity;
using Crust.Identity.Evidence;

namespace Crust.Gateway.Commands;

/// <summary><c>crust verify</c>: checks exported evidence, be it a signed message or an equivocation proof, binary or JSON, with nothing but the file.</summary>
internal static class VerifyCommand
{
    internal static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A signed message or an equivocation proof, binary or JSON." };
        var sender = CommonOptions.OptionalPeer("--sender", "Who must have signed; anyone if left out.");
        var payload = new Option<string?>("--out") { Description = "File to write the message's payload to. Never overwrites.", HelpName = "PAYLOADFILE" };
        payload.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: "" }])
                result.AddError("--out needs the name of a file.");
        });
        var json = CommonOptions.Json();
        var command = new Command("verify", "Check who signed a message, and show it.") { file, sender, payload, json };
        command.SetAction((parsed, _) =>
        {
            var output = new CommandOutput(Console.Out, Console.Error, parsed.GetValue(json));
            return CommandRunner.GuardAsync(
                output, () => Task.FromResult(Verify(output, parsed.GetRequiredValue(file), parsed.GetValue(sender), parsed.GetValue(payload))));
        });
        return command;
    }

    private static int Verify(CommandOutput output, string path, PeerId? sender, string? payloadPath)
    {
        if (!File.Exists(path))
            return Fail(output, "io", Directory.Exists(path) ? $"'{path}' is a folder." : $"There is no file '{path}'.");
        if (!TryRead(path, out var encoded))
            return Invalid(output, EvidenceFormat.TooLong);
        return IsProof(encoded)
            ? VerifyProof(output, encoded, sender, payloadPath)
            : VerifyMessage(output, encoded, sender, payloadPath);
    }

    private static int VerifyMessage(CommandOutput output, byte[] encoded, PeerId? sender, string? payloadPath)
    {
        if (SignedMessage.Read(encoded, out var fault) is not { } message)
            return Invalid(output, fault!);
        if (!message.Verify())
            return Invalid(output, $"{message.Sender} did not sign this.");
        if (sender is { } expected && message.Sender != expected)
            return Invalid(output, $"{message.Sender} signed this, not {expected}.");
        if (payloadPath is not null)
        {
            if (Path.Exists(payloadPath))
                return Fail(output, "exists", $"'{payloadPath}' exists, and nothing is overwritten.");
            WriteNew(payloadPath, message.Payload.Span);
        }

        EvidenceReport.Message(output, message, payloadPath);
        return CommandRunner.Done;
    }

    private static int VerifyProof(CommandOutput output, byte[] encoded, PeerId? sender, string? payloadPath)
    {
        if (payloadPath is not null)
        {
            output.Failed("usage", "This is an equivocation proof, which has two payloads: --out is for a signed message.");
            return CommandRunner.WrongUsage;
        }

        if (EquivocationProof.Read(encoded, out var fault) is not { } proof)
            return Invalid(output, fault!);
        if (!proof.First.Verify() || !proof.Second.Verify())
            return Invalid(output, $"{proof.First.Sender} did not sign both messages.");
        if (proof.Ground == EquivocationGround.None)
            return Invalid(output, "Both messages are signed, but they do not contradict each other.");
        if (sender is { } expected && proof.First.Sender != expected)
            return Invalid(output, $"{proof.First.Sender} signed this, not {expected}.");
        EvidenceReport.Equivocation(output, proof);
        return CommandRunner.Done;
    }

    private static bool IsProof(ReadOnlySpan<byte> encoded) => EvidenceFormat.IsJson(encoded)
        ? EvidenceJson.TypeOf(encoded) == EquivocationProofJson.TypeName
        : EvidenceFormat.TypeOf(encoded) == EvidenceFormat.Equivocation;

    /// <summary>Reads a file that may be a device without end; false when it is longer than any evidence.</summary>
    private static bool TryRead(string path, out byte[] encoded)
    {
        using var stream = File.OpenRead(path);
        var buffer = new byte[EquivocationProof.MaxJsonLength + 1];
        var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        encoded = buffer[..Math.Min(length, buffer.Length - 1)];
        return length < buffer.Length;
    }

    /// <summary>Writes a file that does not exist yet; a half-written one is taken away again.</summary>
    private static void WriteNew(string path, ReadOnlySpan<byte> content)
    {
        var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        try
        {
            using (stream)
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    private static int Invalid(CommandOutput output, string why) => Fail(output, "invalid-evidence", $"Not good: {why}");

    private static int Fail(CommandOutput output, string code, string why)
    {
        output.Failed(code, why);
        return CommandRunner.Failed;
    }
}
