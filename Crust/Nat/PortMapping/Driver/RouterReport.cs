using System.Net;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>How it stands with one router.</summary>
/// <param name="Router">The router.</param>
/// <param name="State">How far the asking is.</param>
/// <param name="Mappings">What it keeps for us.</param>
/// <param name="Findings">What each protocol came to last.</param>
internal sealed record RouterReport(
    IPAddress Router, MapperState State, IReadOnlyList<MappedPort> Mappings, IReadOnlyDictionary<MappingMethod, MappingAnswer> Findings);
