using System.Text;
using Crust.Identity.Evidence;

namespace Crust;

/// <summary>
/// A message as it arrives at a handler: whole, in order within its protocol, once. Or a datagram, which is whole at most.
/// </summary>
public readonly record struct PeerMessage
{
    private readonly BatchEvidence? _evidence;

    internal PeerMessage(PeerConnection connection, string protocol, ReadOnlyMemory<byte> payload, ulong number, bool isSigned, BatchEvidence? evidence)
    {
        (Connection, Protocol, Payload, Number, IsSigned) = (connection, protocol, payload, number, isSigned);
        _evidence = evidence;
    }

    /// <summary>The connection it came over, and over which to answer.</summary>
    public PeerConnection Connection { get; }

    /// <summary>The protocol it names.</summary>
    public string Protocol { get; }

    /// <summary>
    /// Its bytes, 0 to 2 MiB. Valid until the handler's task has ended: then the memory is used for another message. Whoever needs them longer copies them.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Its number in the session, from 1, counted by the sender, streams' pieces included; 0 for a datagram.</summary>
    public ulong Number { get; }

    /// <summary>True when the sender's signature over it was verified. Never for a datagram.</summary>
    public bool IsSigned { get; }

    /// <summary>
    /// Makes evidence of the message, which anyone can verify with the sender's id alone. To be called before the handler has ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The message is not signed, the node does not keep evidence (<see cref="CrustNodeOptions.KeepEvidence"/>), or the handler has ended and the memory was used again.
    /// </exception>
    public SignedMessage Export()
    {
        if (_evidence is null)
            throw new InvalidOperationException("There is no evidence of this message: it is not signed, or the node keeps none.");
        return _evidence.Export(Leaf.Message(Encoding.ASCII.GetBytes(Protocol), Number), Payload.Span);
    }
}
