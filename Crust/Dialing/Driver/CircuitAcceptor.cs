using Crust.Session;
using Crust.Session.Circuits;
using Crust.Session.Circuits.Driver;
using Crust.Session.Driver;
using Crust.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Crust.Dialing.Driver;

/// <summary>
/// Answers the circuits that come to a peer over its gateways: to all above it, one is a link that somebody made. It counts as coming from the gateway's
/// address; what the gateway says of who calls only saves work, since the handshake proves it. Thread safe.
/// </summary>
/// <param name="takes">Whether circuits of a kind are wanted.</param>
/// <param name="gate">The node's door.</param>
/// <param name="adopter">Makes sessions.</param>
/// <param name="budget">What windows grow from.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">Where failures go.</param>
internal sealed class CircuitAcceptor(
    Func<CircuitKind, bool> takes, AdmissionGate gate, LinkAdopter adopter, MemoryBudget budget, TimeProvider timeProvider, ILogger logger) : ICircuitHost, IAsyncDisposable
{
    private readonly Reception _reception = new(gate, adopter, logger);

    /// <summary>Takes over control circuits that were admitted; where none are taken, the default, it is not asked. Set before anything is accepted.</summary>
    internal Func<CircuitLink, CancellationToken, Task> TakeControl { get; set; } = static (link, _) => link.DisposeAsync().AsTask();

    /// <inheritdoc/>
    public void HandleOpened(CircuitHop hop, Circuit circuit, ReadOnlySpan<byte> token)
    {
        if (!takes(circuit.Kind) || !gate.Allows(circuit.Peer))
        {
            hop.Close(circuit, CircuitCode.Refused, atOnce: true);
            return;
        }

        var link = new CircuitLink(hop, circuit, budget, timeProvider);
        circuit.User = link;
        if (gate.TryEnter(link) is { } place)
            _reception.Receive(link, place, ConnectionPath.Relayed, circuit.Kind == CircuitKind.Control ? TakeControlAsync : null);
        else
            hop.Close(circuit, CircuitCode.Refused, atOnce: true);
    }

    /// <summary>A circuit of our own, as a link; null when there are too many, or the hop is lost.</summary>
    internal CircuitLink? TryOpen(CircuitHop hop, Identity.PeerId peer, CircuitKind kind, byte[] token)
    {
        CircuitLink? link = null;
        _ = hop.TryOpen(peer, kind, token, circuit => link = new CircuitLink(hop, circuit, budget, timeProvider));
        return link;
    }

    public ValueTask DisposeAsync() => _reception.DisposeAsync();

    private async ValueTask<bool> TakeControlAsync(ConnectionContext link, CancellationToken cancellationToken)
    {
        await TakeControl((CircuitLink)link, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
