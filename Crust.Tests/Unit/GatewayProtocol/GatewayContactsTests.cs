using Crust.GatewayProtocol;
using Crust.Identity;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.GatewayProtocol;

public sealed class GatewayContactsTests
{
    private static readonly PeerId First = PeerIdentity.FromSeed(Enumerable.Repeat((byte)1, 32).ToArray()).Id;
    private static readonly PeerId Second = PeerIdentity.FromSeed(Enumerable.Repeat((byte)2, 32).ToArray()).Id;

    [Fact]
    public void InOrder_PutsTheLostGatewayLast_AndLearnedOnesBehindConfiguredOnes()
    {
        var contacts = new GatewayContacts([Address(1, First), Address(2, Second)], _ => true);
        contacts.Learn([Text(3, Second), Text(2, Second)]);

        contacts.InOrder(null).Should().Equal(Address(1, First), Address(2, Second), Address(3, Second));
        contacts.InOrder(First).Should().Equal(Address(2, Second), Address(3, Second), Address(1, First));
    }

    [Fact]
    public void ByGateway_KeepsTheAddressesOfOneTogether_SoThatTheyRace()
    {
        var contacts = new GatewayContacts([Address(1, First), Address(2, Second)], _ => true);
        contacts.Learn([$"utp://203.0.113.5:9/{First}", Text(3, Second)]);

        contacts.ByGateway(null).Should().BeEquivalentTo(
            new[] { new[] { Address(1, First), PeerAddress.Parse($"utp://203.0.113.5:9/{First}") }, [Address(2, Second), Address(3, Second)] }, o => o.WithStrictOrdering());
        contacts.ByGateway(First)[0][0].Peer.Should().Be(Second);
    }

    [Fact]
    public void Learn_SkipsGarbage_AndKeepsWhatItKnewWhenNothingIsLeft()
    {
        var contacts = new GatewayContacts([], _ => true);
        contacts.Learn([Text(1, First)]);

        contacts.Learn([]);
        contacts.Learn(["", "tcp://", new string('x', 10_000), "tcp://host:1/" + First]);

        contacts.InOrder(null).Should().Equal(Address(1, First));
    }

    [Fact]
    public void Learn_TakesAtMostSoMany()
    {
        var contacts = new GatewayContacts([], _ => true);

        contacts.Learn(Enumerable.Range(1, 10_000).Select(port => Text(port, First)));

        contacts.InOrder(null).Should().HaveCount(GatewayCodec.MaxGateways);
    }

    [Fact]
    public void Learn_SkipsWhatMayNotBeDialled()
    {
        // A gateway could name our own loopback ports as gateways, and we dialled them.
        var contacts = new GatewayContacts([Address(1, First)], a => a.EndPoint.Port != 22);

        contacts.Learn([Text(22, Second), Text(23, Second)]);

        contacts.InOrder(null).Should().Equal(Address(1, First), Address(23, Second));
    }

    [Fact]
    public void InWaves_GivesWhatIsConfiguredTheFirstWord_AndTheMemoryTheSecond()
    {
        PeerId[] ids = [.. Enumerable.Range(3, 5).Select(i => PeerIdentity.FromSeed(Enumerable.Repeat((byte)i, 32).ToArray()).Id)];
        var contacts = new GatewayContacts([Address(1, First), Address(2, Second)], _ => true, () => [[Address(9, First)], .. ids.Select((id, i) => new[] { Address(10 + i, id) })]);

        Waves(contacts.InWaves(ids[4], lost: null), [First], [Second], [], [], [ids[0], ids[1]], [ids[2], ids[3]]);
        contacts.Excluded = new HashSet<PeerId> { First, ids[0] };
        Waves(contacts.InWaves(ids[4], lost: null), [Second], [], [], [], [ids[1], ids[2]], [ids[3]]);
        Waves(new GatewayContacts([], _ => true, () => [[Address(1, First)], [Address(2, Second)]]).InWaves(ids[0], null), [First, Second]);

        static void Waves(IReadOnlyList<IReadOnlyList<IReadOnlyList<PeerAddress>>> waves, params PeerId[][] expected) =>
            waves.Select(w => w.Select(c => c[0].Peer).ToArray()).Should().BeEquivalentTo(expected, o => o.WithStrictOrdering(), "whom is known twice is tried once, whoever is left out never, and never oneself");
    }

    [Fact]
    public void InWaves_LeavesOutTheGatewayThatIsLeft_HoweverItIsKnown()
    {
        var contacts = new GatewayContacts([Address(1, First), Address(2, Second)], _ => true, () => [[Address(3, First)]]);
        contacts.InWaves(default, lost: First, leaving: First).SelectMany(wave => wave).Select(c => c[0].Peer).Should().Equal(Second);
        new GatewayContacts([Address(1, First)], _ => true).InWaves(default, lost: First, leaving: First).Should().BeEmpty("then there is nobody to go to");
    }

    private static string Text(int port, PeerId peer) => $"tcp://203.0.113.5:{port}/{peer}";

    private static PeerAddress Address(int port, PeerId peer) => PeerAddress.Parse(Text(port, peer));
}
