using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crust.Identity.Evidence;

/// <summary>
/// JSON forms of evidence, read strictly: exactly the known properties, each once and none null; no comments, no comma at an end, nothing behind. The
/// code is generated at build time: nothing is looked up by reflection.
/// </summary>
[JsonSerializable(typeof(SignedMessageJson), TypeInfoPropertyName = "Message")]
[JsonSerializable(typeof(EquivocationProofJson), TypeInfoPropertyName = "Proof")]
internal sealed partial class EvidenceJson : JsonSerializerContext
{
    private static readonly EvidenceJson Strict = new(new JsonSerializerOptions(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    });

    internal static string Write(SignedMessage message) => JsonSerializer.Serialize(SignedMessageJson.Of(message), Strict.Message);

    internal static string Write(EquivocationProof proof) => JsonSerializer.Serialize(EquivocationProofJson.Of(proof), Strict.Proof);

    /// <summary>Null with a sentence that says why not.</summary>
    internal static SignedMessage? ReadMessage(ReadOnlySpan<byte> utf8, out string? fault)
    {
        if (utf8.Length > SignedMessage.MaxJsonLength)
        {
            fault = EvidenceFormat.TooLong;
            return null;
        }

        try
        {
            fault = null;
            return JsonSerializer.Deserialize(utf8, Strict.Message)?.ToMessage(out fault);
        }
        catch (JsonException e)
        {
            fault = Explain(e);
            return null;
        }
    }

    /// <summary>Null with a sentence that says why not.</summary>
    internal static EquivocationProof? ReadProof(ReadOnlySpan<byte> utf8, out string? fault)
    {
        if (utf8.Length > EquivocationProof.MaxJsonLength)
        {
            fault = EvidenceFormat.TooLong;
            return null;
        }

        try
        {
            fault = null;
            return JsonSerializer.Deserialize(utf8, Strict.Proof)?.ToProof(out fault);
        }
        catch (JsonException e)
        {
            fault = Explain(e);
            return null;
        }
    }

    /// <summary>The value of the property <c>type</c> at the top; null when there is none, or this is no JSON.</summary>
    internal static string? TypeOf(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("type"u8))
                    return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or a text that is not UTF-8.
        }

        return null;
    }

    /// <summary>Names the place, never the content: it may come from anywhere and goes to a terminal.</summary>
    private static string Explain(JsonException e) => e.LineNumber is { } line
        ? $"Its JSON is not that of this evidence: something is wrong, unknown, missing or there twice in line {line + 1}."
        : "Its JSON is not that of this evidence: something is wrong, unknown, missing or there twice.";
}
