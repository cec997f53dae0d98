using System.Net;
using Crust.Dialing;
using Crust.Identity;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Dialing;

public sealed class TransportMemoryTests
{
    private static readonly PeerId First = Id(1), Second = Id(2);

    private static readonly Instant Start = new(1_000_000);

    private readonly TransportMemory _memory = new();

    [Fact]
    public void Tcp_IsFavoured_WhereNothingIsKnown() => Favoured(First, "10.0.0.1", Start).Should().Be(TransportKind.Tcp);

    [Fact]
    public void Utp_IsFavoured_WhereItAloneWorked_AndInThatNetwork()
    {
        _memory.HandleWon(Utp(First, "10.0.0.1"), isContested: true, Start);

        Favoured(First, "192.0.2.1", Start).Should().Be(TransportKind.Utp, "it is the peer");
        Favoured(Second, "10.0.0.77", Start).Should().Be(TransportKind.Utp, "it is the network");
        Favoured(Second, "10.0.1.1", Start).Should().Be(TransportKind.Tcp, "it is another network");
    }

    [Fact]
    public void AWin_ProvesNothing_WhereTcpWasNotTried()
    {
        _memory.HandleWon(Utp(First, "10.0.0.1"), isContested: false, Start);

        _memory.Count.Should().Be(0);
    }

    [Fact]
    public void TcpThatWorksAgain_HasTheHeadStartAgain()
    {
        _memory.HandleWon(Utp(First, "10.0.0.1"), isContested: true, Start);
        _memory.HandleWon(Utp(First, "10.0.0.1") with { Transport = TransportKind.Tcp }, isContested: true, Start);

        Favoured(First, "10.0.0.1", Start).Should().Be(TransportKind.Tcp);
        _memory.Count.Should().Be(0);
    }

    [Fact]
    public void AMemory_Ends_AlthoughItIsUsed()
    {
        // Else µTP would be first for ever, since TCP would never be tried again.
        _memory.HandleWon(Utp(First, "10.0.0.1"), isContested: true, Start);
        _memory.HandleWon(Utp(First, "10.0.0.1"), isContested: false, Start + TransportMemory.Lifetime / 2);

        Favoured(First, "10.0.0.1", Start + TransportMemory.Lifetime).Should().Be(TransportKind.Tcp);
        _memory.Count.Should().Be(0);
    }

    [Fact]
    public void TheMemory_IsBounded_AndKeepsTheNewest()
    {
        for (var i = 0; i < 3 * TransportMemory.MaxEntries; i++)
            _memory.HandleWon(Utp(Id(i), $"10.{i / 200}.{i % 200}.1"), isContested: true, Start + TimeSpan.FromMilliseconds(i));

        _memory.Count.Should().Be(2 * TransportMemory.MaxEntries);
        Favoured(Id(3 * TransportMemory.MaxEntries - 1), "192.0.2.1", Start).Should().Be(TransportKind.Utp);
        Favoured(Id(0), "192.0.2.1", Start).Should().Be(TransportKind.Tcp);
    }

    private TransportKind Favoured(PeerId peer, string address, Instant now) => _memory.Favoured(peer, [Utp(peer, address)], now);

    private static PeerAddress Utp(PeerId peer, string address) => new(TransportKind.Utp, new IPEndPoint(IPAddress.Parse(address), 4000), peer);

    private static PeerId Id(int number)
    {
        var seed = new byte[32];
        BitConverter.TryWriteBytes(seed, number + 1);
        return PeerIdentity.FromSeed(seed).Id;
    }
}
