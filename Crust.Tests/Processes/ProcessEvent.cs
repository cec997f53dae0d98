using System.Diagnostics;
using System.Text.Json;

namespace Crust.Tests.Processes;

/// <summary>A line that a process wrote with <c>--json</c>, and when it was read.</summary>
/// <param name="Name">Its kind: <c>ready</c>, <c>pong</c> and so on.</param>
/// <param name="Body">All its members.</param>
/// <param name="Timestamp">Of <see cref="Stopwatch"/>.</param>
public sealed record ProcessEvent(string Name, JsonElement Body, long Timestamp)
{
    /// <summary>Reads a line, which must be an object with an <c>event</c>.</summary>
    public static ProcessEvent Parse(string line, long timestamp)
    {
        using var document = JsonDocument.Parse(line);
        return new ProcessEvent(document.RootElement.GetProperty("event").GetString()!, document.RootElement.Clone(), timestamp);
    }

    /// <summary>A member that is a string.</summary>
    public string Text(string member) => Body.GetProperty(member).GetString()!;

    /// <summary>A member that is a whole number.</summary>
    public int Number(string member) => Body.GetProperty(member).GetInt32();

    /// <summary>The first of the addresses told by <c>ready</c>.</summary>
    public string Address => Addresses[0];

    /// <summary>The addresses told by <c>ready</c>.</summary>
    public string[] Addresses => [.. Body.GetProperty("addresses").EnumerateArray().Select(a => a.GetString()!)];

    /// <summary>Milliseconds from a time stamp to this event.</summary>
    public double MillisecondsSince(long start) => Stopwatch.GetElapsedTime(start, Timestamp).TotalMilliseconds;
}
