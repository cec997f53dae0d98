using System.Globalization;

namespace Crust.Nat.PortMapping.Igd;

/// <summary>What an action gave.</summary>
/// <param name="Error">The UPnP error code; null: it succeeded.</param>
/// <param name="Words">The error's description, printable, at most 80 characters.</param>
/// <param name="Arguments">What came out, by name.</param>
internal sealed record SoapAnswer(int? Error, string Words, IReadOnlyDictionary<string, string> Arguments)
{
    internal string Text(string name) => Arguments.GetValueOrDefault(name, "");

    internal ushort Port(string name) => ushort.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : (ushort)0;

    internal uint? Number(string name) => uint.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
