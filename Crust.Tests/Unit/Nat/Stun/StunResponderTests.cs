using System.Net;
using Crust.Nat.Stun;
using Crust.Primitives;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Unit.Nat.Stun;

public sealed class StunResponderTests
{
    private static readonly TransportAddress Client = Address("203.0.113.5:40000");
    private static readonly TransportAddress Client6 = Address("[2001:db8:1::5]:40000");
    private static readonly TransportAddress[] Server = [Address("198.51.100.1:3478"), Address("198.51.100.1:3479"), Address("198.51.100.2:3478"), Address("198.51.100.2:3479")];
    private static readonly StunPlace[] Places = [StunPlace.Primary, StunPlace.OtherPort, StunPlace.OtherAddress, StunPlace.OtherBoth];

    private static readonly Instant Now = new(5_000_000);

    [Fact]
    public void ABindingRequest_IsAnswered_WithWhereItCameFrom()
    {
        var answer = Ask(Whole(), StunMessages.Make(StunClass.Request), Client, StunPlace.Primary)!;
        answer.Sent.Should().Be(new StunAnswer(answer.Bytes.Length, Client, StunPlace.Primary));
        var binding = Read(answer.Bytes);
        binding.Should().Be(new StunBinding(Client, Server[0], Server[3], 0));
        StunMessage.TryParse(answer.Bytes, out var message).Should().BeTrue();
        message.HasFingerprint.Should().BeFalse("the request had none");
    }

    [Fact]
    public void AFingerprint_IsAnsweredByOne()
    {
        var answer = Ask(Whole(), StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddFingerprint()), Client, StunPlace.Primary)!;
        StunMessage.TryParse(answer.Bytes, out var message).Should().BeTrue();
        message.HasFingerprint.Should().BeTrue();
    }

    [Fact]
    public void AChangeRequest_IsAnsweredFromThere_WhereverItCame()
    {
        foreach (var change in new[] { StunChange.Port, StunChange.Address, StunChange.Address | StunChange.Port })
            Changes(change);
    }

    private static void Changes(StunChange change)
    {
        for (var place = 0; place < Places.Length; place++)
        {
            var request = StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddChangeRequest(change));
            var answer = Ask(Whole(), request, Client, Places[place])!;
            answer.Sent.Place.Should().Be((StunPlace)((int)Places[place] ^ (int)change));
            Read(answer.Bytes).Origin.Should().Be(Server[Array.IndexOf(Places, answer.Sent.Place)]);
            Read(answer.Bytes).Other.Should().Be(Server[Array.IndexOf(Places, (StunPlace)((int)Places[place] ^ 6))], "it is told relative to where the request came (RFC 5780 §7.4)");
        }
    }

    [Fact]
    public void AServerOfOneAddress_ChangesPorts_AndRefusesAddresses()
    {
        var places = new StunPlaces();
        places.Add(StunPlace.Primary, Server[0]);
        places.Add(StunPlace.OtherPort, Server[1]);
        var responder = new StunResponder(places, new StunRateLimit(1));
        Ask(responder, StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddChangeRequest(StunChange.Port)), Client, StunPlace.Primary)!
            .Sent.Place.Should().Be(StunPlace.OtherPort);
        var refused = Ask(responder, StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddChangeRequest(StunChange.Address)), Client, StunPlace.Primary)!;
        refused.Sent.Place.Should().Be(StunPlace.Primary);
        Read(refused.Bytes).ErrorCode.Should().Be(StunErrorCodes.UnknownAttribute);
        Read(Ask(responder, StunMessages.Make(StunClass.Request), Client, StunPlace.Primary)!.Bytes).Other.Should().BeNull();
    }

    [Fact]
    public void AResponsePort_IsOfTheSameAddress() =>
        Ask(Whole(), StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddResponsePort(9)), Client, StunPlace.Primary)!
            .Sent.Destination.Should().Be(Client with { Port = 9 });

    [Fact]
    public void AnAttributeThatMustBeUnderstood_AndIsNot_IsNamed()
    {
        var answer = Ask(Whole(), StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.Add((StunAttribute)0x7777)), Client, StunPlace.Primary)!;
        StunMessage.TryParse(answer.Bytes, out var message).Should().BeTrue();
        message.Class.Should().Be(StunClass.ErrorResponse);
        message.TryGet(StunAttribute.UnknownAttributes, out var types).Should().BeTrue();
        types.ToArray().Should().Equal(0x77, 0x77);
    }

    /// <summary>coturn's client fills its last request with 1,500 bytes (RFC 5780 §7.6), and waited for ever for an answer when only 1,232 were read.</summary>
    [Fact]
    public void ARequestWithPadding_IsAnswered() =>
        Ask(Whole(), StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.Add(StunAttribute.Padding, new byte[1500])), Client, StunPlace.Primary).Should().NotBeNull();

    /// <summary>Two servers would answer each other for ever.</summary>
    [Fact]
    public void AnythingButARequest_IsNotAnswered()
    {
        foreach (var @class in Enum.GetValues<StunClass>().Where(c => c != StunClass.Request))
            Ask(Whole(), StunMessages.Make(@class, (ref StunWriter w) => w.Add(StunAttribute.XorMappedAddress, Client)), Client, StunPlace.Primary).Should().BeNull();
    }

    [Fact]
    public void AnotherMethod_IsNotAnswered()
    {
        var request = StunMessages.Make(StunClass.Request);
        request[1] = 3;
        Ask(Whole(), request, Client, StunPlace.Primary).Should().BeNull();
    }

    [Fact]
    public void NoAnswer_IsLongerThanFiveRequests()
    {
        StunMessages.Fill[] fills =
        [
            (ref StunWriter _) => { }, (ref StunWriter w) => w.AddFingerprint(), (ref StunWriter w) => w.AddChangeRequest(StunChange.Port),
            (ref StunWriter w) => w.AddChangeRequest(StunChange.Port | StunChange.Address), (ref StunWriter w) => w.AddResponsePort(53),
            (ref StunWriter w) => w.Add((StunAttribute)0x7777), (ref StunWriter w) =>
            {
                for (var type = 0x7000; type < 0x7020; type++)
                    w.Add((StunAttribute)type);
            },
        ];
        var worst = 0.0;
        foreach (var source in new[] { Client, Client6 })
        {
            foreach (var fill in fills)
            {
                var request = StunMessages.Make(StunClass.Request, fill);
                worst = Math.Max(worst, (double)Ask(Whole(source.IsIPv4), request, source, StunPlace.Primary)!.Bytes.Length / request.Length);
            }
        }

        worst.Should().BeLessThanOrEqualTo(StunResponder.MaxAmplification);
    }

    /// <summary>Ten a second to a prefix, whatever address in it says that it asks.</summary>
    [Fact]
    public void APrefix_GetsTenAnswersASecond()
    {
        var responder = Whole();
        var request = StunMessages.Make(StunClass.Request);
        var answered = 0;
        for (var millisecond = 0; millisecond < 60_000; millisecond++)
        {
            var source = Address($"203.0.113.{millisecond % 256}:{1000 + (millisecond % 60_000)}");
            if (Ask(responder, request, source, StunPlace.Primary, Now + TimeSpan.FromMilliseconds(millisecond)) is not null)
                answered++;
        }

        answered.Should().BeInRange(590, StunRateLimit.PrefixBurst + (60 * StunRateLimit.PerPrefix));
    }

    /// <summary>50,000 requests a second from addresses that nobody has: bounded answers, no memory, and a peer's own requests are answered as often as all others'.</summary>
    [Fact]
    public void AFlood_LeavesNothing_AndIsAnsweredWithinTheCap()
    {
        var responder = Whole();
        var request = StunMessages.Make(StunClass.Request);
        var random = new DeterministicRandom(7);
        Flood(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (answers, bytes, honest) = Flood(200_000);
        var seconds = 200_000 / 50_000.0;
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0, "nothing is kept of a request, not even for a moment");
        answers.Should().BeLessThanOrEqualTo((int)(StunRateLimit.InAll * (seconds + 1)));
        bytes.Should().BeLessThanOrEqualTo(answers * 100L);
        honest.Should().BeGreaterThan(0, "twenty requests of an honest peer, four seconds long");

        (int Answers, long Bytes, int Honest) Flood(int count)
        {
            var (answers, bytes, honest) = (0, 0L, 0);
            Span<byte> buffer = stackalloc byte[StunResponder.MaxAnswerLength];
            _ = StunMessage.TryParse(request, out var parsed);
            for (var i = 0; i < count; i++)
            {
                var isHonest = i % 10_000 == 5_000;
                var source = isHonest ? Client : TransportAddress.FromIPv4((uint)(random.NextUInt64() >> 32) | 0x01000000, 1234);
                if (!responder.TryAnswer(parsed, source, StunPlace.Primary, new Instant(10_000_000 + (i * 20L)), buffer, out var answer))
                    continue;
                answers++;
                bytes += answer.Length;
                honest += isHonest ? 1 : 0;
            }

            return (answers, bytes, honest);
        }
    }

    private static StunResponder Whole(bool isIPv4 = true)
    {
        var places = new StunPlaces();
        for (var i = 0; i < Places.Length; i++)
            places.Add(Places[i], isIPv4 ? Server[i] : Server[i] with { Address = Client6.Address + (UInt128)(i / 2) });
        return new StunResponder(places, new StunRateLimit(0xC0FFEE));
    }

    private static Answered? Ask(StunResponder responder, byte[] request, TransportAddress source, StunPlace place, Instant? now = null)
    {
        StunMessage.TryParse(request, out var parsed).Should().BeTrue();
        var buffer = new byte[StunResponder.MaxAnswerLength];
        return responder.TryAnswer(parsed, source, place, now ?? Now, buffer, out var answer) ? new Answered(buffer[..answer.Length], answer) : null;
    }

    private static StunBinding Read(byte[] answer)
    {
        StunMessage.TryParse(answer, out var message).Should().BeTrue();
        message.Transaction.Should().Be(StunMessages.Transaction);
        StunBinding.TryRead(message, out var binding).Should().BeTrue();
        return binding;
    }

    private static TransportAddress Address(string text) => TransportAddress.From(IPEndPoint.Parse(text));

    private sealed record Answered(byte[] Bytes, StunAnswer Sent);
}
