using System.Net;
using Crust.Session.Admission;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Admission;

public sealed class UnprovenLinksTests
{
    private readonly UnprovenLinks<string> _links = new(new AdmissionLimits(MaxUnderWay: 6) { MaxUnderWayPerPrefix = 3 });

    [Fact]
    public void CrowdedPrefix_MakesRoomForItself_AndForNobodyElse()
    {
        Enter("b1", "10.0.2.1").Should().BeNull();
        for (var i = 1; i <= 3; i++)
            Enter($"a{i}", "10.0.1.1").Should().BeNull();

        Enter("a4", "10.0.1.200").Should().Be("a1");
        Enter("a5", "::ffff:10.0.1.7").Should().Be("a2");
        _links.Count.Should().Be(4);
    }

    [Fact]
    public void WhenAllPlacesAreTaken_TheBiggestPrefixMakesRoom_NotTheOldestLink()
    {
        Enter("honest", "192.0.2.1").Should().BeNull();
        foreach (var (name, address) in new[] { ("a1", "10.0.1.1"), ("a2", "10.0.1.2"), ("a3", "10.0.1.3"), ("b1", "10.0.2.1"), ("b2", "10.0.2.2") })
            Enter(name, address).Should().BeNull();

        Enter("newcomer", "198.51.100.1").Should().Be("a1");
        // Now both have two: the older of their links goes.
        Enter("another", "198.51.101.1").Should().Be("a2");
        _links.Count.Should().Be(6);
    }

    [Fact]
    public void Newcomer_NeverEvictsItself_WhenEachPrefixHasOne()
    {
        for (var i = 0; i < 6; i++)
            Enter($"l{i}", $"10.0.{i}.1").Should().BeNull();

        Enter("newcomer", "10.0.99.1").Should().Be("l0");
    }

    [Fact]
    public void Loopback_IsHeldToTheWholeBoundAlone()
    {
        for (var i = 0; i < 6; i++)
            Enter($"l{i}", i % 2 == 0 ? "127.0.0.1" : "::ffff:127.0.0.1").Should().BeNull();
        Enter("l6", "127.0.0.1").Should().Be("l0");

        var counted = new UnprovenLinks<string>(new AdmissionLimits { MaxUnderWayPerPrefix = 1, ExemptsLoopback = false });
        counted.Enter("x", IPAddress.Loopback, out _);
        counted.Enter("y", IPAddress.Loopback, out var evicted);
        evicted.Should().Be("x");
    }

    [Fact]
    public void Places_AreGivenUpOnce()
    {
        var place = _links.Enter("a", IPAddress.Loopback, out _);

        _links.TryLeave(place).Should().BeTrue();
        _links.TryLeave(place).Should().BeFalse();
        _links.Count.Should().Be(0);

        var first = _links.Enter("a1", IPAddress.Parse("10.0.0.1"), out _);
        for (var i = 2; i <= 4; i++)
            Enter($"a{i}", "10.0.0.1");
        _links.TryLeave(first).Should().BeFalse("it lost its place");
    }

    private string? Enter(string link, string address)
    {
        _links.Enter(link, IPAddress.Parse(address), out var evicted);
        return evicted;
    }
}
