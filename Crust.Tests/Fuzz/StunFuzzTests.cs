using System.Net;
using Crust.Nat.Stun;
using Crust.Primitives;
using Crust.Tests.Unit.Nat.Stun;
using CsCheck;
using FluentAssertions;
using Xunit;

namespace Crust.Tests.Fuzz;

/// <summary>STUN messages that were bent: every getter, the server, answers to requests under way.</summary>
public sealed class StunFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 5769;
    private const int Cases = 100_000;

    private static readonly TransportAddress Client = TransportAddress.From(IPEndPoint.Parse("203.0.113.5:40000"));
    private static readonly TransportAddress Client6 = TransportAddress.From(IPEndPoint.Parse("[2001:db8::5]:40000"));
    private static readonly byte[] Key = [1, 2, 3];

    private static byte[][] Corpus =>
    [
        StunMessages.Make(StunClass.Request), StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddFingerprint()),
        StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddChangeRequest(StunChange.Address | StunChange.Port)),
        StunMessages.Make(StunClass.Request, (ref StunWriter w) => w.AddResponsePort(77)),
        StunMessages.Make(StunClass.Request, (ref StunWriter w) =>
        {
            w.Add(StunAttribute.Username, "attempt"u8);
            w.Add(StunAttribute.Priority, 1);
            w.Add(StunAttribute.UseCandidate);
            w.AddIntegritySha256(Key);
            w.AddFingerprint();
        }),
        StunMessages.Make(StunClass.SuccessResponse, (ref StunWriter w) =>
        {
            w.Add(StunAttribute.XorMappedAddress, Client);
            w.Add(StunAttribute.ResponseOrigin, Client);
            w.Add(StunAttribute.OtherAddress, Client6);
            w.AddIntegrity(Key);
        }),
        StunMessages.Make(StunClass.ErrorResponse, (ref StunWriter w) =>
        {
            w.AddErrorCode(420, "Unknown Attribute");
            w.AddUnknownAttributes([1, 2, 3]);
            w.Add(StunAttribute.Software, "a"u8);
        }),
        StunMessages.Make(StunClass.Indication, (ref StunWriter w) => w.Add((StunAttribute)0x7FFF, new byte[200])),
    ];

    [Fact]
    [Trait("speed", "slow")]
    public void AMessage_SaysNo_OrEveryGetterStaysInside()
    {
        var mutator = new Mutator(Seed, Corpus);
        var read = 0;
        for (var i = 0; i < Cases; i++)
            read += Look(mutator.Next()) ? 1 : 0;
        output.WriteLine($"{read} of {Cases} were messages");
        read.Should().BeGreaterThan(Cases / 100, "else nothing was tried");
    }

    /// <summary>Bytes of CsCheck's making, with a header that lets them in.</summary>
    [Fact]
    [Trait("speed", "slow")]
    public void AnyBody_SaysNo_OrEveryGetterStaysInside() => Gen.Select(Gen.UShort, Gen.Byte.Array[0, 400]).Sample(
        (type, body) =>
        {
            var message = StunMessages.Make(StunClass.Request).Concat(body.Take(body.Length & ~3)).ToArray();
            (message[0], message[1]) = ((byte)((type >> 8) & 0x3F), (byte)(type & 0xFF));
            (message[2], message[3]) = ((byte)((message.Length - 20) >> 8), (byte)((message.Length - 20) & 0xFF));
            Look(message);
        },
        iter: Cases, seed: "0000000000000");

    private static bool Look(byte[] bytes)
    {
        if (!StunMessage.TryParse(bytes, out var message))
            return false;
        message.Length.Should().Be(bytes.Length);
        foreach (var attribute in Enum.GetValues<StunAttribute>())
        {
            if (message.TryGet(attribute, out var value))
                value.Length.Should().BeLessThanOrEqualTo(bytes.Length - StunHeader.Length - StunMessage.AttributeHeaderLength);
            _ = message.TryGetAddress(attribute, out _);
        }

        if (message.TryGetUsername(out var username))
            username.Length.Should().BeLessThanOrEqualTo(StunMessage.MaxUsernameLength);
        if (message.TryGetErrorCode(out var code))
            code.Should().BeInRange(300, 699);
        _ = message.TryGetChangeRequest(out _);
        _ = message.TryGetPriority(out _);
        _ = message.TryGetResponsePort(out _);
        _ = message.HasIntegrity(Key);
        _ = message.HasIntegritySha256(Key);
        _ = message.GetUnknown(new ushort[4]);
        _ = StunBinding.TryRead(message, out _);
        var places = new StunPlaces();
        places.Add(StunPlace.Primary, Client6);
        places.Add(StunPlace.OtherBoth, Client6);
        var answer = new byte[StunResponder.MaxAnswerLength];
        if (new StunResponder(places, new StunRateLimit(1)).TryAnswer(message, Client6, StunPlace.Primary, new Instant(0), answer, out var sent))
        {
            message.Class.Should().Be(StunClass.Request, "responses and indications are never answered");
            sent.Length.Should().BeLessThanOrEqualTo(StunResponder.MaxAmplification * bytes.Length);
            StunMessage.TryParse(answer.AsSpan(0, sent.Length), out _).Should().BeTrue();
        }

        return true;
    }
}
