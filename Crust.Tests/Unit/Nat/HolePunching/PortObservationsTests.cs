using Crust.Nat.HolePunching;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class PortObservationsTests
{
    [Theory]
    [InlineData(new[] { 5000, 5000, 5000 }, PortPredictability.Stable, 0)]
    [InlineData(new[] { 5000, 5001, 5002 }, PortPredictability.Sequential, 1)]
    [InlineData(new[] { 5000, 5003, 5004 }, PortPredictability.Sequential, 1)]
    [InlineData(new[] { 5000, 4998, 4996 }, PortPredictability.Sequential, -2)]
    [InlineData(new[] { 5000, 5001, 5001 }, PortPredictability.Random, 0)]
    [InlineData(new[] { 5000, 5001, 5000 }, PortPredictability.Random, 0)]
    [InlineData(new[] { 5000, 5064, 5128 }, PortPredictability.Sequential, 64)]
    [InlineData(new[] { 5000, 5065, 5130 }, PortPredictability.Random, 0)]
    [InlineData(new[] { 5000, 61_111, 1024 }, PortPredictability.Random, 0)]
    [InlineData(new[] { 5000 }, PortPredictability.Unknown, 0)]
    [InlineData(new int[0], PortPredictability.Unknown, 0)]
    public void Ports_AreWhatServersSaw(int[] seen, object expected, int delta)
    {
        var observations = new PortObservations(3);
        for (var i = 0; i < seen.Length; i++)
            observations.Add(i, TransportAddress.FromIPv4(1, (ushort)seen[i]));

        observations.Ports.Should().Be((PortPredictability)expected);
        observations.Delta.Should().Be(delta);
    }

    [Fact]
    public void OtherAddresses_ForOtherDestinations_CannotBeForeseen()
    {
        var observations = new PortObservations(2);
        observations.Add(0, TransportAddress.FromIPv4(1, 5000));
        observations.Add(1, TransportAddress.FromIPv4(2, 5001));

        observations.Ports.Should().Be(PortPredictability.Random);
    }
}
