using Crust.Nat.Stun;
using Crust.Primitives;

namespace Crust.Tests.Simulation.Nat;

/// <summary>A gateway's STUN in the simulator: says what it sees, on two ports.</summary>
internal sealed class StunServer
{
    internal StunServer(SimulatedInternet internet, Bits128 address)
    {
        Addresses = [new TransportAddress(address, 3478), new TransportAddress(address, 3479)];
        internet.Attach(address, (from, to, bytes) =>
        {
            if (!Addresses.Contains(to) || !StunMessage.TryParse(bytes, out var request) || request.Class != StunClass.Request)
                return;
            Span<byte> buffer = stackalloc byte[128];
            var writer = new StunWriter(buffer, StunClass.SuccessResponse, request.Transaction);
            writer.Add(StunAttribute.XorMappedAddress, from);
            writer.AddFingerprint();
            internet.Send(to, from, writer.Written, SimulatedHost.UsualHops);
        });
    }

    internal IReadOnlyList<TransportAddress> Addresses { get; }
}
