using System.Globalization;

namespace Crust.Nat.PortMapping.Driver;

/// <summary>What became of port mapping, in words for people.</summary>
internal static class MappingWords
{
    /// <summary>The protocol's name.</summary>
    internal static string NameOf(MappingMethod method) => method switch { MappingMethod.Pcp => "PCP", MappingMethod.NatPmp => "NAT-PMP", _ => "UPnP-IGD" };

    /// <summary>One line: what is mapped, or why nothing is.</summary>
    internal static string Describe(RouterReport report) => report.State switch
    {
        MapperState.Searching => "asking the router",
        MapperState.Stopped => "stopped",
        MapperState.Mapped => string.Join(", ", report.Mappings.Select(Describe)),
        MapperState.NoRouter when report.Findings.Values.All(f => f.Failure == MappingFailure.NoAnswer) => "the router answers in none of PCP, NAT-PMP and UPnP-IGD",
        _ => string.Join("; ", report.Findings.Select(f => $"{NameOf(f.Key)}: {Explain(f.Value)}")),
    };

    private static string Describe(MappedPort mapping)
    {
        var life = mapping.Lifetime is { } time ? $"for {time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s" : "until deleted, since the router keeps no other";
        var doubt = mapping.Scope switch
        {
            AddressScope.Public => "",
            AddressScope.CarrierNat => "; the router itself is behind its provider's NAT",
            AddressScope.Private => "; the router itself is behind another router",
            _ => "; the router does not know its external address",
        };
        return $"{(mapping.Port.Protocol == MappedProtocol.Tcp ? "TCP" : "UDP")} {mapping.Port.InternalPort} is {mapping.External} by {NameOf(mapping.Method)} {life}{doubt}";
    }

    private static string Explain(MappingAnswer answer)
    {
        var reason = answer.Failure switch
        {
            MappingFailure.NotAuthorized => "the router does not allow it",
            MappingFailure.OutOfResources => "the router has no room for more",
            MappingFailure.NetworkFailure => "the router has no connection to the internet, or does not tell its address",
            MappingFailure.Unsupported => "not spoken here",
            MappingFailure.AddressMismatch => "there is a NAT between this host and the router",
            MappingFailure.Conflict => "other hosts have the ports",
            MappingFailure.Malformed => "the answer makes no sense",
            MappingFailure.Refused => "the router refuses",
            MappingFailure.NoAnswer => "no answer",
            _ => answer.Kind == MappingAnswerKind.Found ? "found" : "nothing",
        };
        return answer.Detail.Length == 0 ? reason : $"{reason} ({answer.Detail})";
    }
}
