using Crust.Nat.HolePunching;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.HolePunching;

public sealed class ProbeSprayTests
{
    [Fact]
    public void Ports_AreDifferent_WithinTheRange_AndSpreadEvenly()
    {
        var random = new DeterministicRandom(1);
        for (var run = 0; run < 200; run++)
        {
            var spray = new ProbeSpray(new Bits128(0, 1), 0, random.NextUInt64());
            var ports = new HashSet<int>();
            while (!spray.IsExhausted)
                ports.Add(spray.Next().Port);

            ports.Should().HaveCount(ProbeSpray.MaxProbes);
            ports.Min().Should().BeGreaterThanOrEqualTo(1024);
        }
    }

    [Fact]
    public void ASpray_MeetsOneOf256Ports_AsOftenAsChanceAllows()
    {
        var random = new DeterministicRandom(2);
        var met = new List<int>();
        const int Runs = 2000;
        for (var run = 0; run < Runs; run++)
        {
            var open = new HashSet<int>();
            while (open.Count < MappingSpray.SocketCount)
                open.Add(1024 + random.Next(64_512));
            var spray = new ProbeSpray(new Bits128(0, 1), 0, random.NextUInt64());
            while (!spray.IsExhausted)
            {
                if (!open.Contains(spray.Next().Port))
                    continue;
                met.Add(spray.Sent);
                break;
            }
        }

        met.Count.Should().BeGreaterThan(Runs * 99 / 100);
        met.Order().ElementAt(met.Count / 2).Should().BeInRange(150, 200, "175 are expected");
    }
}
