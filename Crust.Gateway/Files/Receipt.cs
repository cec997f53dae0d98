using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crust.Identity;

namespace Crust.Gateway.Files;

/// <summary>
/// A receiver's statement that it has a transfer, whole and verified. It is a JSON document and as such a message of its own, so that the signed message
/// alone says who received what from whom and when.
/// </summary>
internal sealed record Receipt
{
    /// <summary>What the document is: always this.</summary>
    internal const string Kind = "crust-file receipt v1";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        MaxDepth = 4,
        Encoder = JavaScriptEncoder.Default,
    };

    /// <summary>Which kind of statement; <see cref="Kind"/>.</summary>
    public required string Statement { get; init; }

    /// <summary>The transfer, in hex.</summary>
    public required string Transfer { get; init; }

    /// <summary>Who sent.</summary>
    public required string Sender { get; init; }

    /// <summary>Who received, and signs.</summary>
    public required string Receiver { get; init; }

    /// <summary>What was sent: the name its sender gave it.</summary>
    public required string Name { get; init; }

    /// <summary>How many files.</summary>
    public required int Files { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>BLAKE3 of the manifest (names, lengths, times), in hex.</summary>
    public required string Manifest { get; init; }

    /// <summary>BLAKE3 of the files' BLAKE3 hashes in manifest order, in hex.</summary>
    public required string Root { get; init; }

    /// <summary>When the receiver had everything, by its own clock: ISO 8601, UTC.</summary>
    public required string Time { get; init; }

    /// <summary>Each file; left out where the document would be too long for a message. The root stands for them.</summary>
    public IReadOnlyList<ReceiptFile>? Hashes { get; init; }

    /// <summary>States that all of a transfer is there.</summary>
    internal static Receipt For(TransferId id, PeerId sender, PeerId receiver, Manifest manifest, IReadOnlyList<ReadOnlyMemory<byte>> hashes, DateTimeOffset now)
    {
        var files = new List<ReceiptFile>(hashes.Count);
        for (var i = 0; i < manifest.Entries.Count; i++)
        {
            if (!manifest.Entries[i].IsFolder)
                files.Add(new ReceiptFile(manifest.PathOf(i), manifest.Entries[i].Length, Convert.ToHexStringLower(hashes[files.Count].Span)));
        }

        return new Receipt
        {
            Statement = Kind,
            Transfer = id.Text,
            Sender = sender.ToString(),
            Receiver = receiver.ToString(),
            Name = manifest.Root.Name,
            Files = manifest.Files,
            Bytes = manifest.TotalLength,
            Manifest = Convert.ToHexStringLower(manifest.Hash),
            Root = Convert.ToHexStringLower(ReceivePlan.RootOf(hashes)),
            Time = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            Hashes = files,
        };
    }

    /// <summary>The document in bytes, a message: without the list of files where that would be too long.</summary>
    internal byte[] ToBytes()
    {
        // A path has at most 6 characters of JSON for a byte; most lists need not be written to see that they fit.
        var bytes = Hashes?.Count <= FileProtocol.MaxReceiptLength / 100 ? JsonSerializer.SerializeToUtf8Bytes(this, Json) : [];
        return bytes.Length is > 0 and <= FileProtocol.MaxReceiptLength ? bytes : JsonSerializer.SerializeToUtf8Bytes(this with { Hashes = null }, Json);
    }

    /// <summary>Reads a document; null when it is no receipt.</summary>
    internal static Receipt? TryParse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > FileProtocol.MaxReceiptLength)
            return null;
        try
        {
            return JsonSerializer.Deserialize<Receipt>(bytes, Json) is { Statement: Kind } receipt ? receipt : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What a receipt states that is not so, or null when it states exactly what the other one does. The time is its author's own.</summary>
    internal string? DifferenceFrom(Receipt expected)
    {
        if (Transfer != expected.Transfer || Manifest != expected.Manifest || Name != expected.Name)
            return "it is for another transfer";
        if (Sender != expected.Sender || Receiver != expected.Receiver)
            return "it names other peers";
        if (Files != expected.Files || Bytes != expected.Bytes)
            return "it counts other files";
        if (Root != expected.Root || (Hashes is not null && !Hashes.SequenceEqual(expected.Hashes ?? [])))
            return "it names other contents";
        return DateTimeOffset.TryParse(Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) ? null : "its time is none";
    }
}

/// <summary>A file in a <see cref="Receipt"/>.</summary>
/// <param name="Path">From the root down, with <c>/</c> between names.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Blake3">Its hash, in hex.</param>
internal sealed record ReceiptFile(string Path, long Bytes, string Blake3);
