using System.Text.Json;
using Crust.Gateway.Commands;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Gateway;

/// <summary>Lines for machines are what a serializer makes of the same fields.</summary>
public class EventLineTests
{
    [Fact]
    public void AnEvent_IsWhatASerializerMakesOfIt()
    {
        (string Name, object? Value)[] fields =
        [
            ("text", "\"quoted\", <tag>, Grüße, \u2028 and a\ttab"), ("empty", ""), ("nothing", null), ("yes", true), ("no", false), ("small", -7), ("large", long.MinValue), ("ms", 1.05), ("whole", 3.0),
            ("tiny", 1e-9), ("addresses", new[] { "tcp://[::1]:1", "\\" }), ("none", Array.Empty<string>()), ("other", JsonSerializer.Deserialize<JsonElement>("""{"a":[1,null]}""")), ("port", (ushort)443),
        ];
        var expected = new Dictionary<string, object?> { ["event"] = "sample" };
        foreach (var (name, value) in fields)
            expected[name] = value;

        EventLine.Of("sample", fields).Should().Be(JsonSerializer.Serialize(expected));
    }
}
