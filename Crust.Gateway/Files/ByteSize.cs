using System.Globalization;

namespace Crust.Gateway.Files;

/// <summary>Numbers of bytes as people write them: multiples of 1,024.</summary>
internal static class ByteSize
{
    private const string Prefixes = "KMGTPE";

    /// <summary>Three digits or so and a unit: <c>0 B</c>, <c>1.5 KiB</c>, <c>312 MiB</c>.</summary>
    internal static string Format(double bytes)
    {
        if (bytes < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes:0} B");
        var unit = -1;
        // Rounded up to 1,024 is one of the next unit.
        for (; bytes >= 1023.5 && unit < Prefixes.Length - 1; unit++)
            bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{(bytes < 9.95 ? $"{bytes:0.0}" : $"{bytes:0}")} {Prefixes[unit]}iB");
    }

    /// <summary>Reads <c>1000</c>, <c>64K</c>, <c>1.5G</c>, <c>10MiB</c>; null when it is none of these or too large.</summary>
    internal static long? Parse(string text)
    {
        var digits = text.AsSpan().TrimEnd("iBb");
        var factor = 1.0;
        if (!digits.IsEmpty && Prefixes.IndexOf(char.ToUpperInvariant(digits[^1]), StringComparison.Ordinal) is >= 0 and var power)
        {
            factor = Math.Pow(1024, power + 1);
            digits = digits[..^1];
        }

        return double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number * factor < FileProtocol.MaxFileLength
            ? (long)(number * factor)
            : null;
    }
}
