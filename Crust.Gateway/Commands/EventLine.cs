using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Crust.Gateway.Commands;

/// <summary>
/// An event as one line of JSON: an object with <c>event</c> and the event's fields. Written value by value, since <see cref="JsonSerializer"/> makes code at run time for each type that it meets, which is much for a
/// process that is to connect at once; it is left what is neither text, number nor truth, nor a list of texts.
/// </summary>
internal static class EventLine
{
    /// <summary>The line, without its end.</summary>
    internal static string Of(string name, ReadOnlySpan<(string Name, object? Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("event", name);
            foreach (var (member, value) in fields)
            {
                writer.WritePropertyName(member);
                Write(writer, value);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteNumberValue(number);
                break;
            case IReadOnlyList<string> texts:
                writer.WriteStartArray();
                foreach (var text in texts)
                    writer.WriteStringValue(text);
                writer.WriteEndArray();
                break;
            default:
                JsonSerializer.Serialize(writer, value, value.GetType());
                break;
        }
    }
}
