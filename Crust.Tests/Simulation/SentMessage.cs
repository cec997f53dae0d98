using Crust.Primitives;
using Crust.Session;

namespace Crust.Tests.Simulation;

/// <summary>A message that some application sent, and all that became of it.</summary>
/// <param name="Id">Of the whole world; also its token, if it has one.</param>
/// <param name="Protocol">To which protocol.</param>
/// <param name="Priority">0 to 3.</param>
/// <param name="Length">Bytes; they follow from the id.</param>
/// <param name="HasToken">Whether its sender wants to know the outcome.</param>
/// <param name="StaleAt">When it may be dropped unsent although its session goes on; null for never.</param>
internal sealed record SentMessage(long Id, string Protocol, byte Priority, int Length, bool HasToken, Instant? StaleAt)
{
    internal bool IsDelivered { get; set; }

    internal bool IsRefused { get; set; }

    internal SessionEventKind? Outcome { get; set; }

    /// <inheritdoc/>
    public override string ToString() => $"message {Id} ({Protocol}, priority {Priority}, {Length} bytes)";
}
