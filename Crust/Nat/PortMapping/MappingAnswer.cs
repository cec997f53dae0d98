using System.Net;

namespace Crust.Nat.PortMapping;

/// <summary>An answer of a <see cref="MappingClient"/>.</summary>
/// <param name="Order">What it is the answer to; null for <see cref="MappingAnswerKind.Restarted"/>.</param>
/// <param name="Kind">What came of it.</param>
internal sealed record MappingAnswer(MappingOrder? Order, MappingAnswerKind Kind)
{
    /// <summary>Where the port can be reached, if it is mapped.</summary>
    internal IPEndPoint? External { get; init; }

    /// <summary>How long the router keeps the mapping; null: for ever.</summary>
    internal TimeSpan? Lifetime { get; init; }

    /// <summary>True when the router was only asked what it has: the mapping's life goes on as it was.</summary>
    internal bool IsLook { get; init; }

    /// <summary>Why it was refused, or is absent.</summary>
    internal MappingFailure Failure { get; init; }

    /// <summary>The router's own code and words, for a log. Bounded, printable.</summary>
    internal string Detail { get; init; } = "";

    /// <summary>How long the router wants not to be asked again; zero: it did not say.</summary>
    internal TimeSpan RetryAfter { get; init; }
}
