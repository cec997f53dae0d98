using Crust.Primitives;

namespace Crust.Tests.Simulation.Datagrams;

/// <summary>Who has an address in a <see cref="DatagramNetwork"/>.</summary>
internal interface IDatagramReceiver
{
    /// <summary>A datagram arrived; the bytes are lent for the call.</summary>
    void Arrived(ReadOnlySpan<byte> bytes, TransportAddress from);
}
