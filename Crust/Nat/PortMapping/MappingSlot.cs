using Crust.Primitives;

namespace Crust.Nat.PortMapping;

/// <summary>What a <see cref="PortMapper"/> knows of one port. Written by the mapper alone.</summary>
/// <param name="port">The port.</param>
internal sealed class MappingSlot(PortRequest port)
{
    internal PortRequest Port { get; } = port;

    /// <summary>The mapping, while the router is believed to keep it.</summary>
    internal MappedPort? Held { get; set; }

    /// <summary>Who was asked last, and keeps the mapping if there is one.</summary>
    internal MappingClient? By { get; set; }

    /// <summary>True while an order for it is under way.</summary>
    internal bool IsBusy { get; set; }

    /// <summary>The port outside that it had last: peers know it. 0: none yet.</summary>
    internal ushort LastExternalPort { get; set; }

    /// <summary>When to look whether it is still there.</summary>
    internal Instant? CheckAt { get; set; }

    /// <summary>When to renew it: at half its life.</summary>
    internal Instant? RenewAt { get; set; }

    /// <summary>Checks in a row that nobody answered.</summary>
    internal int Silences { get; set; }

    /// <summary>Who has refused it since the search began.</summary>
    internal HashSet<MappingClient> Refusers { get; } = [];
}
