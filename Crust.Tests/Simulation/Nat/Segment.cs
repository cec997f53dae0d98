namespace Crust.Tests.Simulation.Nat;

/// <summary>What of a TCP segment matters to a simultaneous open (RFC 9293 §3.5).</summary>
internal enum Segment : byte
{
    Syn = 1,
    SynAck = 2,
    Ack = 3,
    Reset = 4,
}
