using System.Text.Json;

namespace Crust.Tests.Vectors;

/// <summary>Published test vectors that are embedded in this assembly.</summary>
internal static class VectorFile
{
    internal static JsonElement Load(string name)
    {
        using var stream = typeof(VectorFile).Assembly.GetManifestResourceStream($"Vectors/{name}")
            ?? throw new FileNotFoundException($"There is no embedded vector file {name}.");
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.Clone();
    }

    /// <summary>The bytes of a hexadecimal member; empty where there is no such member.</summary>
    internal static byte[] Bytes(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? Convert.FromHexString(value.GetString()!) : [];
}
