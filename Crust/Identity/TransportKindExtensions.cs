namespace Crust.Identity;

/// <summary>The spellings of a <see cref="TransportKind"/>.</summary>
internal static class TransportKindExtensions
{
    /// <summary>As in addresses: <c>tcp</c>, <c>utp</c>.</summary>
    internal static string ToScheme(this TransportKind transport) => transport == TransportKind.Tcp ? "tcp" : "utp";

    /// <summary>As in sentences: <c>TCP</c>, <c>µTP</c>.</summary>
    internal static string ToName(this TransportKind transport) => transport == TransportKind.Tcp ? "TCP" : "µTP";
}
